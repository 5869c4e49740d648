import { sql } from 'drizzle-orm'
import { z } from 'zod'
import { closeOfDay } from '../../calendar/days.ts'
import type { Db } from '../../runtime/db/database.ts'
import { bigint, query, queryColumn, text } from '../../runtime/db/query.ts'
import { readChanceModel } from './chance-fits.ts'
import { EARLIER_DAYS, ListFacts, type ListVotes, listFacts } from './list-facts.ts'
import { readCountedVotes, SETTLED_MS } from './list-votes.ts'

interface Deps {
  db: Db
  now: () => Date
  closeHourUtc: number
}

/** Computes and stores the facts of a list day's papers. After the day has closed, doing it again changes nothing. */
export async function recordListFacts({ db, now, closeHourUtc }: Deps, day: string): Promise<void> {
  const list = await readCountedVotes({ db, now, closeHourUtc }, day)
  if (list.length === 0) return
  const facts = await computeListFacts({ db, now, closeHourUtc }, day, list)
  const rows = [...facts].map(([id, each]) => ({ id, facts: each }))
  await db.execute(sql`
    INSERT INTO list_facts (paper_id, facts)
    SELECT id, facts FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS r(id bigint, facts jsonb) ORDER BY id
    ON CONFLICT (paper_id) DO UPDATE SET facts = excluded.facts WHERE list_facts.facts <> excluded.facts`)
}

/** Computes the facts of a list day's papers from their votes and from the lists before. */
export async function computeListFacts(
  { db, now, closeHourUtc }: Deps,
  day: string,
  list: readonly ListVotes[],
): Promise<Map<number, ListFacts>> {
  return listFacts(list, {
    listDay: day,
    closesAt: closeOfDay(day, closeHourUtc),
    now: now(),
    earlier: await readEarlier(db, day),
    model: await readChanceModel(db),
  })
}

const Earlier = z.object({
  listDay: z.string(),
  topics: z.array(z.string()),
  votes: z.number().nullable(),
  timing: ListFacts.shape.timing,
})

const readEarlier = (db: Db, day: string) =>
  query(db, Earlier)`
    SELECT p.list_day::text, p.topics, (f.facts -> 'votes')::int AS votes, f.facts ->> 'timing' AS timing
    FROM papers p JOIN list_facts f ON f.paper_id = p.id
    WHERE p.list_day >= ${day}::date - ${EARLIER_DAYS}::int AND p.list_day < ${day}::date AND NOT p.sample AND NOT p.announced`

/** Reads the stored facts of papers. */
export async function readListFacts(db: Db, ids: readonly number[]): Promise<Map<number, ListFacts>> {
  const rows = await query(db, {
    paperId: bigint,
    facts: ListFacts,
  })`SELECT paper_id, facts FROM list_facts WHERE paper_id = ANY(${sql.param(ids)}::bigint[])`
  return new Map(rows.map(({ paperId, facts }) => [paperId, facts]))
}

/** Lists before these days are not looked for. */
const LOOK_BACK_DAYS = 60
/** Lists per run, so that a first run does not delay editions. */
const DAYS_PER_RUN = 10

/**
 * Stores the facts of closed lists that have none yet, or none since they closed: after an update, an import or an outage. Those of a
 * late edition are stored again, since its list now has the edition's order: at each run for a day, so they come last.
 * The oldest come first, because a list is compared with those before.
 */
export async function recordMissingFacts(deps: Deps): Promise<void> {
  const { db, now, closeHourUtc } = deps
  const settled = new Date(now().getTime() - SETTLED_MS - closeHourUtc * 3_600_000)
  const days = await queryColumn(db, text)`
    SELECT p.list_day::text FROM papers p
    LEFT JOIN list_facts f ON f.paper_id = p.id
    LEFT JOIN picks k ON k.paper_id = p.id AND k.list_day = p.list_day
    WHERE p.list_day < (${settled}::timestamptz AT TIME ZONE 'UTC')::date
      AND p.list_day >= (${settled}::timestamptz AT TIME ZONE 'UTC')::date - ${LOOK_BACK_DAYS}::int
      AND (f.paper_id IS NULL OR f.facts ->> 'timing' = 'open' OR EXISTS (
        SELECT FROM editions e WHERE e.kind = 'daily' AND e.date = p.list_day AND e.released_at > ${now()}::timestamptz - interval '1 day'
          AND e.assembled_at > e.closes_at + make_interval(secs => ${SETTLED_MS / 1000})))
      AND k.verdict IS DISTINCT FROM 'dropped'
      AND NOT (p.sample AND EXISTS (SELECT FROM papers r WHERE r.list_day = p.list_day AND NOT r.sample))
    GROUP BY p.list_day ORDER BY bool_or(f.paper_id IS NULL OR f.facts ->> 'timing' = 'open') DESC, p.list_day LIMIT ${DAYS_PER_RUN}`
  for (const day of days) await recordListFacts(deps, day)
}
