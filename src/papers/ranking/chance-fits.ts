import { sql } from 'drizzle-orm'
import { z } from 'zod'
import { VOTED_SOURCES } from '../../runtime/config/source-names.ts'
import type { Db } from '../../runtime/db/database.ts'
import { bigint, bool, moment, number, query, queryColumn, queryOne } from '../../runtime/db/query.ts'
import { ChanceModel, fitChance, type Outcome, SHIPPED_MODEL, topTenthFrom, wholeDayVotes } from './chance.ts'
import { CHANCE_DAYS, prospects } from './list-facts.ts'

/** Returns the newest model that was fitted here, else the shipped one. */
export async function readChanceModel(db: Db): Promise<ChanceModel> {
  const [newest] = await queryColumn(db, ChanceModel)`
    SELECT model FROM chance_fits ORDER BY fitted_at DESC LIMIT 1`
  return newest ?? SHIPPED_MODEL
}

/** A source is followed for so long after a list day. Its votes then count as final. */
const FOLLOWED_DAYS = 14
/** Older months describe an earlier audience. */
const MONTHS = 12
/** Fewer papers or months make a worse model than the shipped one. */
const FEWEST_PAPERS = 600
const FEWEST_MONTHS = 3

/**
 * Fits the model again on our own snapshots, once a month. A month counts when its last list was followed to its end.
 * A paper counts when its votes were read around its list's close, and again after ten days or later. Chances of the last two weeks then
 * go by the new model.
 *
 * @returns the number of papers that it was fitted on; undefined if there was nothing to do
 */
export async function refitChance({ db, now }: { db: Db; now: () => Date }): Promise<number | undefined> {
  const { done } = await queryOne(db, { done: bool })`
    SELECT EXISTS (SELECT FROM chance_fits WHERE date_trunc('month', fitted_at AT TIME ZONE 'UTC')
      = date_trunc('month', ${now()}::timestamptz AT TIME ZONE 'UTC')) AS done`
  if (done) return undefined
  const outcomes = await readOutcomes(db, now())
  if (outcomes === undefined) return undefined
  const model = fitChance(outcomes)
  await db.transaction(async (tx) => {
    await tx.execute(sql`
      INSERT INTO chance_fits (fitted_at, papers, model)
      VALUES (${now()}, ${outcomes.length}, ${JSON.stringify(model)}::jsonb) ON CONFLICT DO NOTHING`)
    await restateChances(tx, model, now())
  })
  return outcomes.length
}

/** Joins papers `p` with their votes of the source when their list closed, where these were read. */
const withClosingVotes = sql`
  JOIN list_facts f ON f.paper_id = p.id AND f.facts ->> 'timing' = 'closing'
  JOIN LATERAL (
    SELECT votes FROM signals WHERE paper_id = p.id AND observed_at <= (f.facts ->> 'readAt')::timestamptz
    ORDER BY observed_at DESC LIMIT 1
  ) closing ON true`

/** Updates the chances that pages still show to a new model. Other facts stay, and so do the reasons of released editions. */
async function restateChances(db: Db, model: ChanceModel, at: Date): Promise<void> {
  const rows = await query(db, { id: bigint, sourceVotes: number, listedAt: moment.nullable(), readAt: moment })`
    SELECT p.id, closing.votes AS source_votes, p.listed_at, (f.facts ->> 'readAt')::timestamptz AS read_at
    FROM papers p ${withClosingVotes}
    WHERE NOT p.sample AND p.list_day >= (${at}::timestamptz AT TIME ZONE 'UTC')::date - ${CHANCE_DAYS}::int`
  const chances = rows.map(({ id, ...paper }) => ({ id, ...prospects(paper, model) }))
  await db.execute(sql`
    UPDATE list_facts f
    SET facts = CASE WHEN r.chance IS NULL THEN f.facts - 'chance' ELSE f.facts || jsonb_build_object('chance', r.chance) END
    FROM jsonb_to_recordset(${JSON.stringify(chances)}::jsonb) AS r(id bigint, chance jsonb)
    WHERE f.paper_id = r.id AND f.facts -> 'chance' IS DISTINCT FROM r.chance`)
}

const Read = z.object({
  month: z.string(),
  closingVotes: z.number(),
  hoursListed: z.number().nullable(),
  finalVotes: z.number(),
})

/** Reads the papers of whole months. Undefined when there are too few. */
async function readOutcomes(db: Db, at: Date): Promise<Outcome[] | undefined> {
  const rows = await query(db, Read)`
    SELECT to_char(p.list_day, 'YYYY-MM') AS month, closing.votes AS closing_votes, latest.votes AS final_votes,
      (extract(epoch FROM (f.facts ->> 'readAt')::timestamptz - p.listed_at) / 3600)::float8 AS hours_listed
    FROM papers p ${withClosingVotes}
    JOIN LATERAL (SELECT votes FROM signals WHERE paper_id = p.id ORDER BY observed_at DESC LIMIT 1) latest ON true
    WHERE NOT p.sample AND NOT p.announced
      AND p.list_day >= date_trunc('month', ${at}::timestamptz AT TIME ZONE 'UTC') - make_interval(months => ${MONTHS})
      AND p.list_day < date_trunc('month', (${at}::timestamptz AT TIME ZONE 'UTC') - make_interval(days => ${FOLLOWED_DAYS + 1}))
      AND EXISTS (SELECT FROM signals s WHERE s.paper_id = p.id AND s.observed_at >= (p.list_day + 11)::timestamp AT TIME ZONE 'UTC'
        UNION ALL SELECT FROM source_reads r WHERE r.source = ANY(${sql.param(VOTED_SOURCES)}::text[]) AND r.list_day = p.list_day
          AND r.read_at >= (p.list_day + 11)::timestamp AT TIME ZONE 'UTC')`
  const months = Map.groupBy(rows, ({ month }) => month)
  if (rows.length < FEWEST_PAPERS || months.size < FEWEST_MONTHS) return undefined
  return [...months.values()].flatMap((papers) => {
    const threshold = topTenthFrom(papers.map(({ finalVotes }) => finalVotes))
    return papers.map(({ closingVotes, hoursListed, finalVotes }) => ({
      wholeDayVotes: wholeDayVotes(closingVotes, hoursListed),
      finalVotes,
      inTopTenth: finalVotes >= threshold,
    }))
  })
}
