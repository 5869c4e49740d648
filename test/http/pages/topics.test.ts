import { eq, sql } from 'drizzle-orm'
import { HtmlValidate } from 'html-validate'
import { describe, expect } from 'vitest'
import { mintToken } from '../../../src/mail/tokens.ts'
import { FIELDS } from '../../../src/papers/topics/fields.ts'
import { subscribers } from '../../../src/runtime/db/schema.ts'
import { confirm } from '../../../src/subscription/confirm.ts'
import { addPapers, addSubscriber, NOON } from '../../support/services.ts'
import { test } from '../site.ts'
import { PAGE_RULES } from '../valid-html.ts'

const addTopics = async (db: Parameters<typeof addPapers>[0], days: string[], topics: string[]) => {
  for (const day of days) await addPapers(db, day, 3)
  await db.execute(sql`UPDATE papers SET topics = ${sql.param(topics)}::text[]`)
}

describe('the page of all topics', () => {
  test('has every field with its last weeks, and no field without papers is missing', async ({ db, site: { app } }) => {
    await addTopics(db, ['2026-04-13', '2026-04-14'], ['agents', 'flow-matching'])
    const { body } = await app.inject('/topics')
    for (const { slug } of FIELDS) expect(body).toContain(`href="/topics/${slug}"`)
    expect(body.match(/<svg/g)).toHaveLength(FIELDS.length)
    expect(body).toContain('aria-label="Papers per week, oldest first: 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6"')
    expect(body).toContain('<a href="/topics/flow-matching">Flow matching <span>6</span></a>')
    const german = await app.inject({ url: '/topics', headers: { 'accept-language': 'de' } })
    expect(german.body).toContain('Robotik')
  })

  test('finds every keyword, page by page', async ({ db, site: { app } }) => {
    await addTopics(
      db,
      ['2026-04-14'],
      Array.from({ length: 230 }, (_, at) => `policy-${at}`),
    )
    await db.execute(sql`
      INSERT INTO topic_spellings SELECT 'policy-' || n, 'Policy <' || n || '>', 3 FROM generate_series(0, 229) AS n`)
    const found = new Set<string>()
    let next: string | undefined = '/topics?q=policy'
    let pages = 0
    while (next && pages < 9) {
      const body: string = (await app.inject(next.replaceAll('&amp;', '&'))).body
      for (const [, slug] of body.matchAll(/href="\/topics\/(policy-\d+)">Policy &lt;/g)) found.add(slug!)
      expect(body).toContain('230 topics match “policy”')
      next = /rel="next" href="([^"]+)"/.exec(body)?.[1]
      pages++
    }
    expect([found.size, pages]).toEqual([230, 3])
    expect((await app.inject('/topics?q=zzzz')).body).toContain('No topics found for “zzzz”')
    for (const q of ['%00', '%F0', '—', "';--", '&after=-1', 'policy&after=nonsense'])
      expect([q, (await app.inject(`/topics?q=${q}`)).statusCode]).toEqual([q, 200])
  })
})

describe('a topic’s page', () => {
  test('says what it is, how many there are, and which were best', async ({ db, site: { app } }) => {
    await addTopics(db, ['2026-04-13', '2026-04-14'], ['multilingual'])
    await db.execute(sql`UPDATE signals SET votes = 100 + paper_id`)
    const { body } = await app.inject('/topics/multilingual')
    expect(body).toContain('<h1>Multilingual</h1>')
    expect(body).toContain('Languages other than English')
    expect(body).toContain('6 papers since 13 April 2026')
    expect(body).toContain('6 this week. In the eleven weeks before, 0 a week on average.')
    expect(body).toMatch(/Most votes this month[\s\S]*106 votes[\s\S]*105 votes[\s\S]*102 votes/)
    expect(body).toContain('<input type="hidden" name="topic" value="multilingual">')
    expect(body).toContain('href="/feed.atom?topic=multilingual"')
  })

  test('is where earlier slugs lead; feeds and search follow them too', async ({ db, site: { app } }) => {
    await addTopics(db, ['2026-04-14'], ['multilingual', 'group-relative-policy-optimization'])
    for (const [old, now] of [
      ['many-languages', 'multilingual'],
      ['grpo', 'group-relative-policy-optimization'],
      ['GRPO', 'group-relative-policy-optimization'],
      ['Multilingual', 'multilingual'],
    ]) {
      const { statusCode, headers } = await app.inject(`/topics/${old}`)
      expect([statusCode, headers.location]).toEqual([301, `/topics/${now}`])
      expect((await app.inject(`/feed.json?topic=${old}`)).json().items).toHaveLength(3)
      expect((await app.inject(`/api/v1/search?topic=${old}`)).json().papers).toHaveLength(3)
      expect((await app.inject(`/search?topic=${old}`)).body).toContain(`value="${now}" selected`)
    }
  })

  test('goes on over pages, and Vote, Save and Follow on a later page lead back to it', async ({
    db,
    site: { app },
  }) => {
    await addPapers(db, '2026-04-14', 25)
    await db.execute(sql`UPDATE papers SET topics = '{agents}'`)
    const [, next] = /rel="next" href="([^"]+)"/.exec((await app.inject('/topics/agents')).body)!
    const { body } = await app.inject(next!.replaceAll('&amp;', '&'))
    expect(body.match(/class="paper-title"/g)).toHaveLength(5)
    const backs = [...body.matchAll(/name="back" value="(\/topics[^"#]+)/g)].map(([, back]) => back)
    expect(new Set(backs)).toEqual(new Set([next]))
  })

  test('and all topics, found or not, are valid HTML', async ({ db, site: { app } }) => {
    await addTopics(db, ['2026-04-14'], ['agents', 'flow-matching'])
    await db.execute(sql`INSERT INTO topic_spellings VALUES ('flow-matching', 'flow <b>"matching"', 3)`)
    const validator = new HtmlValidate(PAGE_RULES)
    for (const url of ['/topics', '/topics?q=flow', '/topics?q=%3Cb%3E', '/topics/agents', '/topics/flow-matching']) {
      const { body } = await app.inject(url)
      const report = await validator.validateString(body)
      expect([url, report.results.flatMap(({ messages }) => messages.map(({ message }) => message))]).toEqual([url, []])
    }
  })
})

describe('“Get this topic by email”', () => {
  const signUp = (email: string, topic: string) => ({
    method: 'POST' as const,
    url: '/subscribe',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    payload: `${new URLSearchParams({ email, topic, zone: 'UTC' })}`,
  })

  test('signs up with the topic; an active reader’s topics stay', async ({ db, site: { app, services } }) => {
    await addSubscriber(db, 'bob@example.org', { topics: ['games'] })
    await addSubscriber(db, 'cyd@example.org', { topics: ['games'], status: 'unsubscribed', nextDigestAt: null })
    const topicsOf = async (email: string) =>
      (await db.select({ topics: subscribers.topics }).from(subscribers).where(eq(subscribers.email, email)))[0]?.topics
    for (const name of ['ada', 'bob', 'cyd']) {
      const reply = await app.inject(signUp(`${name}@example.org`, 'many-languages'))
      expect([name, reply.statusCode, reply.headers.location]).toEqual([
        name,
        303,
        '/check-your-inbox?topic=multilingual',
      ])
    }
    expect(await topicsOf('ada@example.org')).toEqual(['multilingual'])
    expect(await topicsOf('bob@example.org')).toEqual(['games'])
    expect(await topicsOf('cyd@example.org'), 'until they confirm').toEqual(['games'])
    const [cyd] = await db.select().from(subscribers).where(eq(subscribers.email, 'cyd@example.org'))
    await confirm(services, mintToken(services.keys, 'confirm', cyd!.id, NOON, cyd!.confirmNonce!))
    expect(await topicsOf('cyd@example.org')).toEqual(['games', 'multilingual'])
  })

  test('keeps the topic for a reader who changes the address after a typing error', async ({ site: { app } }) => {
    const { location } = (await app.inject(signUp('ada@exmaple.org', 'robotics'))).headers
    const inbox = (await app.inject(location!)).body
    const links = [...inbox.matchAll(/href="([^"]+)">Change the address/g)].map(([, href]) => href!)
    expect(links.length).toBeGreaterThan(0)
    for (const href of links) expect((await app.inject(href)).body).toContain('name="topic" value="robotics"')
  })

  test('keeps the topic when the address is wrong, and ignores any other text', async ({ db, site: { app } }) => {
    expect((await app.inject(signUp('no address', 'robotics'))).body).toContain('name="topic" value="robotics"')
    expect((await app.inject(signUp('ada@example.org', '"><script>'))).statusCode).toBe(303)
    expect((await db.select().from(subscribers))[0]!.topics).toEqual([])
  })
})
