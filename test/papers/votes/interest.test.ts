import { sql } from 'drizzle-orm'
import { expect } from 'vitest'
import { countInterest, readInterest } from '../../../src/papers/votes/interest.ts'
import { test } from '../../support/database.ts'
import { runSql } from '../../support/global-setup.ts'
import { addPapers, addReaders, servicesOn } from '../../support/services.ts'

test('votes and saves of five readers are summed; fewer are not stored, however much one reader votes', async ({
  db,
}) => {
  const services = servicesOn(db)
  const ids = await addPapers(db, '2026-04-14', 6)
  await db.execute(
    sql`UPDATE papers SET topics = CASE WHEN id = ${ids[0]} THEN '{robotics}'::text[] ELSE '{llm-agents}'::text[] END`,
  )
  await addReaders(db, 6)
  const vote = (first: number, last: number, readers: number, day: string) =>
    db.execute(sql`
      INSERT INTO votes (subscriber_id, paper_id, cast_at, network) SELECT s.id, p.id, ${`${day}T08:00:00Z`}::timestamptz, ''
      FROM (SELECT id FROM subscribers ORDER BY id LIMIT ${readers}) s, papers p WHERE p.id BETWEEN ${ids[first]} AND ${ids[last]}`)
  await vote(0, 0, 5, '2026-04-14')
  // Four readers vote twenty times: still four people.
  await vote(1, 5, 4, '2026-04-13')
  await db.execute(sql`
    INSERT INTO marks (subscriber_id, paper_id, kind, marked_at) SELECT id, ${ids[0]}, 'saved', '2026-04-14' FROM subscribers`)
  await db.execute(
    sql`INSERT INTO clicks VALUES (${ids[0]}, 'paper', '2026-04-14', 4, 100), (${ids[1]}, 'paper', '2026-04-14', 7, 0)`,
  )
  await countInterest(services)
  const { body } = (await readInterest(services))!
  expect(body.days).toEqual(
    expect.arrayContaining([
      { what: 'votes', day: '2026-04-14', count: 5 },
      { what: 'saves', day: '2026-04-14', count: 6 },
      { what: 'clicks', day: '2026-04-14', count: 11 },
    ]),
  )
  expect(body.days).toHaveLength(3)
  expect(body.papers.map(({ what, id, count }) => [what, id, count])).toEqual([
    ['clicks', ids[1], 7],
    ['saves', ids[0], 6],
    ['votes', ids[0], 5],
  ])
  expect(body.topics.map(({ what, slug, count }) => [what, slug, count])).toEqual([
    ['clicks', 'llm-agents', 7],
    ['saves', 'robotics', 6],
    ['votes', 'robotics', 5],
  ])
})

test.for(['Asia/Kathmandu', 'America/Los_Angeles'])(
  'thirty days of UTC are summed, also by a database in %s',
  async (zone, { db, databaseUrl }) => {
    await runSql(databaseUrl, `ALTER DATABASE ${new URL(databaseUrl).pathname.slice(1)} SET TimeZone = '${zone}'`)
    const services = servicesOn(db)
    await addPapers(db, '2026-03-16', 2)
    await addReaders(db, 5)
    await db.execute(sql`
    INSERT INTO votes (subscriber_id, paper_id, cast_at, network)
    SELECT s.id, p.id, CASE row_number() OVER (PARTITION BY s.id ORDER BY p.id) WHEN 1 THEN '2026-03-16T23:00Z' ELSE '2026-03-17T01:00Z' END::timestamptz, ''
    FROM subscribers s, papers p`)
    await countInterest(services)
    expect((await readInterest(services))!.body.days).toEqual([{ what: 'votes', day: '2026-03-17', count: 5 }])
  },
)
