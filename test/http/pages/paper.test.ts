import { sql } from 'drizzle-orm'
import { describe, expect } from 'vitest'
import { addPapers, NOON, servicesOn } from '../../support/services.ts'
import { watchedDatabase } from '../../support/statements.ts'
import { siteOn, test } from '../site.ts'

/** The tags of a page's head, in order. */
const metasOf = (html: string): [string, string][] =>
  [...html.matchAll(/<meta name="(citation_\w+|z\.\w+)" content="([^"]*)">/g)].map(([, name, content]) => [
    name!,
    content!,
  ])

describe('a researcher', () => {
  test('gets the tags that Google Scholar and Zotero read', async ({ db, site: { app } }) => {
    await addPapers(db, '2026-04-14', 1)
    await db.execute(sql`
      UPDATE papers SET title = 'A $\\mu$-law & "more"', published_at = '2026-04-10T12:00Z', pdf_url = 'https://arxiv.org/pdf/2604.14000', keywords = '{mu law}'`)
    const { body } = await app.inject('/papers/2604.14000')
    expect(body, 'Zotero would take it for a web page').not.toContain('og:type')
    expect(metasOf(body)).toEqual([
      ['citation_title', 'A μ-law &amp; &quot;more&quot;'],
      ['citation_author', 'Ada Lovelace'],
      ['citation_author', 'Charles Babbage'],
      ['citation_publication_date', '2026/04/10'],
      ['citation_online_date', '2026/04/10'],
      ['citation_arxiv_id', '2604.14000'],
      ['z.itemType', 'preprint'],
      ['citation_publisher', 'arXiv'],
      ['citation_doi', '10.48550/arXiv.2604.14000'],
      ['citation_pdf_url', 'https://arxiv.org/pdf/2604.14000'],
      ['citation_abstract_html_url', 'https://arxiv.org/abs/2604.14000'],
      ['citation_public_url', 'https://arxiv.org/abs/2604.14000'],
      ['citation_language', 'en'],
      ['citation_abstract', 'We show something. It works.'],
      ['citation_keywords', 'mu law'],
    ])
    // Zotero takes the page's language and URL where these tags are missing ("Embedded Metadata", version of 27 April 2026).
    const chinese = metasOf((await app.inject('/papers/2604.14000?lang=zh')).body)
    expect(chinese).toEqual(metasOf(body))
  })

  test('gets JSON-LD that no title can break out of', async ({ db, site: { app } }) => {
    await addPapers(db, '2026-04-14', 1)
    await db.execute(
      sql`UPDATE papers SET title = '</script><script>alert(1)</script>', organization = 'Analytical Engines'`,
    )
    const { body } = await app.inject('/papers/2604.14000')
    const [, json] = /<script type="application\/ld\+json">([^<]*)<\/script>/.exec(body)!
    expect(JSON.parse(json!)).toMatchObject({
      '@type': 'ScholarlyArticle',
      headline: '</script><script>alert(1)</script>',
      author: [{ name: 'Ada Lovelace' }, { name: 'Charles Babbage' }],
      sourceOrganization: { name: 'Analytical Engines' },
      sameAs: 'https://arxiv.org/abs/2604.14000',
      url: 'https://paperboy.example/papers/2604.14000',
    })
  })

  test('gets institutions as such in JSON-LD', async ({ db, site: { app } }) => {
    await addPapers(db, '2026-04-14', 1)
    await db.execute(sql`UPDATE papers SET authors = '{Gemini Team,OpenAI,Ada Lovelace}'`)
    const { body } = await app.inject('/papers/2604.14000')
    const [, json] = /<script type="application\/ld\+json">([^<]*)<\/script>/.exec(body)!
    expect(JSON.parse(json!).author).toEqual([
      { '@type': 'Organization', name: 'Gemini Team' },
      { '@type': 'Organization', name: 'OpenAI' },
      { '@type': 'Person', name: 'Ada Lovelace' },
    ])
  })

  test('downloads the citation as BibTeX and RIS', async ({ db, site: { app } }) => {
    await addPapers(db, '2026-04-14', 1)
    const bib = await app.inject('/papers/2604.14000/cite.bib')
    expect(bib.headers['content-type']).toContain('application/x-bibtex')
    expect(bib.headers['content-disposition']).toContain('cite.bib')
    expect(bib.body).toMatch(/^@misc\{lovelace2026paper,\n {2}title = \{\{Paper 1 of 2026-04-14\}\},/)
    const page = await app.inject('/papers/2604.14000')
    expect(page.body).toContain(bib.body.trimEnd())
    const ris = await app.inject('/papers/2604.14000/cite.ris')
    expect(ris.body).toContain('AU  - Lovelace, Ada\r\n')
    expect((await app.inject('/papers/2604.99999/cite.bib')).statusCode).toBe(404)
  })

  test('finds the paper elsewhere, in every form arXiv has', async ({ db, site: { app } }) => {
    await addPapers(db, '2026-04-14', 1)
    await db.execute(sql`UPDATE papers SET pdf_url = 'https://arxiv.org/pdf/2604.14000', raw = '{"paper":{}}'`)
    const { body } = await app.inject('/papers/2604.14000')
    for (const url of [
      'https://arxiv.org/pdf/2604.14000',
      'https://arxiv.org/html/2604.14000',
      'https://arxiv.org/abs/2604.14000',
      'https://www.alphaxiv.org/abs/2604.14000',
      'https://huggingface.co/papers/2604.14000',
    ])
      expect(body).toContain(`href="${url}"`)
  })

  test('can look for a paper that has no id and no link', async ({ db, site: { app } }) => {
    const [id] = await addPapers(db, '2026-04-14', 1)
    await db.execute(sql`UPDATE papers SET source = 'title', source_id = repeat('ab', 16), url = NULL`)
    const { body } = await app.inject(`/papers/${id}`)
    expect(body).toContain('href="https://arxiv.org/search/?query=Paper+1+of+2026-04-14&amp;searchtype=title"')
    expect(body).toContain('href="https://scholar.google.com/scholar?q=Paper+1+of+2026-04-14"')
    expect(body).not.toMatch(/alphaxiv|citation_arxiv_id|undefined/)
  })
})

test('a paper leads to the ones before and after it on its day', async ({ db, site: { app } }) => {
  await addPapers(db, '2026-04-14', 3)
  const { body } = await app.inject('/papers/2604.14001')
  expect(body).toMatch(/<a rel="prev" href="\/papers\/2604\.14000">/)
  expect(body).toMatch(/<a rel="next" href="\/papers\/2604\.14002">/)
  expect(body).toContain('No. 2 of 3,')
  expect((await app.inject('/papers/2604.14000')).body).not.toContain('rel="prev"')
})

test('papers of one list share its order for some seconds, then have the new one', async ({ db, databaseUrl }) => {
  await addPapers(db, '2026-04-14', 4)
  const at = { now: NOON }
  const watched = watchedDatabase(databaseUrl)
  const { app } = siteOn(servicesOn(watched.db, {}, at))
  const pageOf = async (paper: string) => (await app.inject(`/papers/${paper}`)).body
  const orders = () => watched.statements.filter((text) => text.includes('p.weight')).length
  try {
    expect(await pageOf('2604.14001')).toContain('No. 2 of 4,')
    expect(await pageOf('2604.14003')).toContain('No. 4 of 4,')
    expect(orders()).toBe(1)
    await db.execute(sql`
      INSERT INTO picks (list_day, paper_id, verdict, curator) SELECT list_day, id, 'dropped', 'Ada' FROM papers WHERE list_position = 0`)
    at.now = new Date(NOON.getTime() + 10_000)
    expect(await pageOf('2604.14001')).toContain('No. 1 of 3,')
    expect(orders()).toBe(2)
  } finally {
    await app.close()
    await watched.close()
  }
})

test('a list’s only paper has its day, and no place', async ({ db, site: { app } }) => {
  await addPapers(db, '2026-04-14', 1)
  const { body } = await app.inject('/papers/2604.14000')
  expect(body).toMatch(/<a href="\/papers\?date=2026-04-14">Tuesday,? 14 Apr[a-z]*<\/a>/)
  expect(body).not.toMatch(/No\. 1 of 1|1st of 1|100% of/)
  expect((await app.inject('/papers?date=2026-04-14')).body).not.toMatch(/is first with|1st of 1|100% of/)
})

test('an AI summary is marked as one, and the abstract’s own sentences are not', async ({ db, site: { app } }) => {
  await addPapers(db, '2026-04-14', 2)
  await db.execute(sql`
    UPDATE papers SET summary = 'A machine says this.', summary_by_ai = true WHERE id = 1`)
  const list = (await app.inject('/')).body
  expect(list.match(/class="ai"/g)).toHaveLength(1)
  expect(list).toMatch(/AI summary<\/a> <span dir="auto">A machine says this\./)
  expect((await app.inject('/papers/2604.14000')).body).toContain('Written by a language model at Hugging Face.')
  expect((await app.inject('/papers/2604.14001')).body).not.toContain('language model at Hugging Face')
})

test('3,303 authors: twelve are shown, the others open with a click', async ({ db, site: { app } }) => {
  await addPapers(db, '2026-04-14', 1)
  await db.execute(sql`UPDATE papers SET authors = (SELECT array_agg('Author ' || n) FROM generate_series(1, 3303) n)`)
  const { body } = await app.inject('/papers/2604.14000')
  expect(body).toContain('<summary>3,291 more authors</summary>')
  expect(body.match(/citation_author/g)).toHaveLength(200)
})
