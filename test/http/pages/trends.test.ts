import { sql } from 'drizzle-orm'
import { HtmlValidate } from 'html-validate'
import { describe, expect } from 'vitest'
import type { Db } from '../../../src/runtime/db/database.ts'
import { addPapers } from '../../support/services.ts'
import { test } from '../site.ts'
import { PAGE_RULES } from '../valid-html.ts'

/** The clock stands at Wednesday, 15 April 2026. The week before has 2, 2 and 5 papers, this one 6, 1 and none. */
async function twoWeeks(db: Db) {
  for (const [day, papers, topics] of [
    ['2026-04-06', 2, ['agents']],
    ['2026-04-07', 2, ['language-models']],
    ['2026-04-10', 5, ['language-models', 'flow-matching']],
    ['2026-04-13', 6, ['agents', 'video-generation']],
    ['2026-04-14', 1, ['agents']],
  ] as const) {
    const ids = await addPapers(db, day, papers)
    await db.execute(
      sql`UPDATE papers SET topics = ${sql.param(topics)}::text[] WHERE id = ANY(${sql.param(ids)}::bigint[])`,
    )
  }
}

const cell = (body: string, topic: string) =>
  new RegExp(`>${topic}</a></th>[^]*?</svg></td><td class="line">[^]*?</td>((?:<td[^>]*>[^<]*</td>)+)`)
    .exec(body)?.[1]
    ?.replace(/<[^>]+>/g, ' ')
    .trim()

describe('the page of trends', () => {
  test('compares each field with the week before, and the fields lost come last', async ({ db, site: { app } }) => {
    await twoWeeks(db)
    await addPapers(db, '2026-04-15', 1)
    const { body, headers } = await app.inject('/trends')
    expect(headers['cache-control']).toBe('public, max-age=300')
    expect(body).toContain('<h1>What moved in week 16</h1>')
    // The week goes on: Friday's five papers of the week before do not count.
    expect(cell(body, 'Agents')).toBe('7  2  +5')
    expect(cell(body, 'Language models')).toBe('0  2  −2')
    expect(body).toContain(
      '8 papers this week, 4 the week before. The week goes on: every week counts up to Wednesday.',
    )
    expect(body.indexOf('/topics/language-models')).toBeGreaterThan(body.indexOf('/topics/agents'))
    expect(body).toContain('gained most: 6 papers, after 0 the week before.')
    // Keywords are no fields.
    expect(body).not.toContain('/topics/flow-matching')
  })

  test('a week that has ended counts all its days', async ({ db, site: { app } }) => {
    await twoWeeks(db)
    await addPapers(db, '2026-03-31', 1)
    const { body } = await app.inject('/trends?week=2026-W15')
    expect(cell(body, 'Language models')).toBe('7  0  +7')
    expect(body).toContain('<a rel="next" href="/trends?week=2026-W16">Week 16')
    expect(body).not.toContain('The week goes on')
  })

  test('the first week is compared with none', async ({ db, site: { app } }) => {
    await twoWeeks(db)
    const { body } = await app.inject('/trends?week=2026-W15')
    expect(body).toContain('The week before has no papers to compare with.')
    expect(body).not.toMatch(/gained most|class="moved"/)
  })

  test('opens with the week before until three list days have come', async ({ db, site: { app } }) => {
    await twoWeeks(db)
    expect((await app.inject('/trends')).body).toContain('<h1>What moved in week 15</h1>')
  })

  test('draws the risers of the first two days, as curves and as a table', async ({ db, site: { app } }) => {
    const [first, second, dropped, late] = await addPapers(db, '2026-04-13', 4)
    await db.execute(sql`DELETE FROM signals`)
    await db.execute(sql`
      INSERT INTO signals (paper_id, observed_at, votes, origin) VALUES
        (${first}, '2026-04-13T06:00Z', 3, 'hf'), (${first}, '2026-04-14T00:00Z', 40, 'hf'), (${first}, '2026-04-15T11:00Z', 900, 'hf'),
        (${second}, '2026-04-13T08:00Z', 90, 'hf'), (${dropped}, '2026-04-13T08:00Z', 500, 'hf'),
        (${late}, '2026-04-15T13:00Z', 700, 'hf')`)
    await db.execute(sql`
      INSERT INTO picks (paper_id, list_day, verdict, curator) VALUES (${dropped}, '2026-04-13', 'dropped', 'ak')`)
    const { body } = await app.inject('/trends?week=2026-W16')
    const risers = [...body.matchAll(/class="riser-title"[^>]*>([^<]+)[\s\S]*?<b>(\d+)<\/b>/g)].map((found) => [
      found[1],
      found[2],
    ])
    expect(risers).toEqual([
      ['Paper 2 of 2026-04-13', '90'],
      ['Paper 1 of 2026-04-13', '40'],
    ])
    expect(body).toContain('aria-label="Votes after 6, 12, 24 and 48 hours: 3, 3, 40, 40"')
    // One reading makes no line.
    expect(body.match(/<polyline class="votes"/g)).toHaveLength(1)
    expect(body).toMatch(/<td>–<\/td><td>90<\/td><td>90<\/td><td>90<\/td>/)
    expect(body).toContain('the lines mark 50 and 100 votes')
  })

  test('an API client reads the same', async ({ db, site: { app } }) => {
    await twoWeeks(db)
    const trends = (await app.inject('/api/v1/trends?week=2026-W16')).json()
    expect(trends).toMatchObject({ week: '2026-W16', partial: true, lastDay: '2026-04-14', papers: 7, before: 4 })
    expect(trends.fields.find(({ slug }: { slug: string }) => slug === 'agents').weeks.slice(-2)).toEqual([2, 7])
    expect(trends.risers[0]).toMatchObject({ title: 'Paper 1 of 2026-04-13', votes: 100, readings: [{ hours: 26 }] })
    expect((await app.inject('/api/v1/trends?week=2026-W1')).statusCode).toBe(422)
    expect((await app.inject('/api/v1/trends?week=2020-W10')).statusCode).toBe(404)
  })

  test('is valid HTML in every state, and says so without papers', async ({ db, site: { app } }) => {
    expect((await app.inject('/trends')).body).toContain('No trends yet')
    await twoWeeks(db)
    const validate = new HtmlValidate(PAGE_RULES)
    for (const url of ['/trends', '/trends?week=2026-W16', '/trends?week=2020-W10', '/trends?week=nonsense']) {
      const { body, statusCode } = await app.inject(url)
      expect([url, statusCode]).toEqual([url, /W1[56]|trends$/.test(url) ? 200 : 404])
      expect((await validate.validateString(body)).results.flatMap(({ messages }) => messages)).toEqual([])
    }
    for (const url of ['/topics', '/editions', '/sitemaps/pages.xml'])
      expect((await app.inject(url)).body).toContain('/trends')
  })
})
