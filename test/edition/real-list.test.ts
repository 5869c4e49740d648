import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { preview } from '../../src/delivery/preview/preview.ts'
import { assemble } from '../../src/edition/draft/assemble.ts'
import { release } from '../../src/edition/draft/release.ts'
import { setWording } from '../../src/edition/draft/wording.ts'
import { importFile } from '../../src/papers/ingest/import-file.ts'
import type { Db } from '../../src/runtime/db/database.ts'
import { test } from '../support/database.ts'
import { addSubscriber, servicesOn } from '../support/services.ts'

const DAY = { kind: 'daily', date: '2026-04-14' } as const

/** A real list of 32 papers, as a draft. */
async function realDraft(db: Db) {
  const services = servicesOn(db, {}, { now: new Date('2026-04-15T03:30:00Z') })
  const file = join(import.meta.dirname, '../fixtures/papers/2026-04-14.json.gz')
  await importFile({ db, now: services.now, closeHourUtc: 2 }, file)
  await assemble(services, DAY)
  return services
}

describe('a digest of a real list', () => {
  test('is light: 20 papers in under 60 kB, one or two short links per paper', async ({ db }) => {
    const { html, text } = await preview(await realDraft(db), DAY, undefined, { size: 20 })
    expect(Buffer.byteLength(html)).toBeLessThan(60_000)
    expect(html.match(/<h3/g)).toHaveLength(20)
    const [cards, rows] = text.split('ALSO ON THE LIST')
    expect(cards!.match(/https:/g)).toHaveLength(2 * 20)
    expect(rows!.split('\n--')[0]!.match(/https:/g), 'a link per row, and one to the list').toHaveLength(12 + 1)
    const urls = text.match(/https:\S+/g)!
    expect(Math.max(...urls.map((url) => url.length))).toBeLessThan(100)
    expect(html, 'hidden text in the background’s colour counts as spam').not.toMatch(
      /(?<!background-)color:\s*#fff(?:fff)?\b/i,
    )
  })

  test('holds no two of the patterns of long words that SpamAssassin counts as spam', async ({ db }) => {
    const { text } = await preview(await realDraft(db), DAY, undefined, { size: 20 })
    // 20_body_tests.cf of SpamAssassin 4: LONGWORDS is worth 2.2 points.
    const patterns = [/\b(?:[a-z]{8,}[\s.]+){6}/, /\b(?:[a-z]{6,}[\s.]+){9}/, /\b(?:[a-z]{5,}[\s.]+){10}/]
    expect(patterns.filter((pattern) => pattern.test(text)).length).toBeLessThan(2)
    expect(text.match(/AI summary: /g), 'an abstract replaces one summary').toHaveLength(19)
  })

  test('leads with facts of the list, marks AI summaries, and lists the rest in one line each', async ({ db }) => {
    const services = await realDraft(db)
    await setWording(services, DAY, { editorNote: 'Start with *this*.' })
    await release(services, DAY)
    const { subject, text } = await preview(services, DAY)
    expect(subject).toBe('Attention Sink in Transformers, OmniShow and 8 more · Trending papers, 14 April')
    expect(text.replace(/\s+/g, ' ')).toContain('Attention Sink in Transformers is first with 43 votes.')
    expect(text).toContain('From AK, the editor. Start with this.')
    expect(text.match(/AI summary: /g)).toHaveLength(10)
    expect(text.split('ALSO ON THE LIST')[1]!.match(/\/papers\/2604\./g)).toHaveLength(22)
    expect(text).toContain('All 32 papers: https://paperboy.example/papers?date=2026-04-14')
    expect(text).toContain('Forwarded to you? Subscribe: https://paperboy.example/')
    await expect(setWording(services, DAY, { editorNote: 'Too late.' })).rejects.toMatchObject({
      code: 'EDITION_STATE',
    })
  })

  test('begins with the reader’s best matches, also in its subject; the list keeps its numbers', async ({ db }) => {
    const services = await realDraft(db)
    const { subject, text, html } = await preview(services, DAY, undefined, {
      topics: ['3d-and-rendering', 'robotics'],
    })
    expect(subject).toMatch(/^TAIHRI, Strips as Tokens and 8 more/)
    const heads = [...text.matchAll(/^(FOR YOU|TRENDING|ALSO ON THE LIST)$/gm)].map(([head]) => head)
    expect(heads).toEqual(['FOR YOU', 'TRENDING', 'ALSO ON THE LIST'])
    expect(text).toMatch(
      /FOR YOU[\s\S]*?23\. TAIHRI[\s\S]*? 4\. Strips as Tokens[\s\S]*?TRENDING[\s\S]*? 1\. Attention Sink/,
    )
    expect(html).toContain('no.\u00a023')
  })

  test('follows the preferences for links and summaries', async ({ db }) => {
    const services = await realDraft(db)
    await addSubscriber(db, 'ada@example.org', { size: 5, sourceLinks: true, abstracts: true })
    const { text, html } = await preview(services, DAY, 'ada@example.org')
    expect(text).not.toContain('AI summary')
    expect(html).toMatch(/<h3[^>]*>.*<a class="ink" href="https:\/\/arxiv\.org\/abs\//)
    expect((await preview(services, DAY)).html).toMatch(/<h3[^>]*>.*href="https:\/\/paperboy\.example\/papers\//)
  })
})
