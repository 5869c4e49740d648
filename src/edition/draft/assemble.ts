import { randomBytes } from 'node:crypto'
import { and, eq, sql } from 'drizzle-orm'
import { closeOfDay, daysLater, mondayOf } from '../../calendar/days.ts'
import { PaperboyError } from '../../lib/errors.ts'
import { listReadAt } from '../../papers/ingest/source-health.ts'
import { rankPapers } from '../../papers/ranking/rank.ts'
import { reasonFor } from '../../papers/ranking/reason.ts'
import { readRisingCandidates, selectRising } from '../../papers/ranking/rising.ts'
import { countReaderVotes } from '../../papers/votes/reader-votes.ts'
import type { Db } from '../../runtime/db/database.ts'
import { editionPapers, editions, mailing } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'
import { OLD_NEWS, oldNewsBefore } from './news.ts'

/** More candidates than any digest is long, few enough to compose once in a blink. */
const MOST_CANDIDATES = 120

type Row = Omit<typeof editionPapers.$inferInsert, 'editionId' | 'position'>

export interface Assembled {
  editionId: number
  state: string
  papers: number
  /** false: it was released already, and nothing was touched */
  changed: boolean
  /** the clock does not release it */
  held: boolean
  /** why Paperboy holds it; null where a person does */
  heldWhy: string | null
  releaseAt: Date
}

/**
 * Makes or re-makes the draft of a list day's (or ISO week's) edition: picks first, then by score, what the curator dropped left out;
 * at the end papers of earlier lists that are still rising. A new draft of an old list is held.
 *
 * @param date the list day, or the Monday of the week
 * @returns what stands there now; a released edition is left as it is
 * @throws PaperboyError EDITION_EMPTY when that day has no papers, saying so; EDITION_NOT_FOUND for a week not dated by its Monday
 */
export async function assemble(
  { db, config, now }: Pick<Services, 'db' | 'config' | 'now'>,
  { kind = 'daily', date }: { kind?: 'daily' | 'weekly'; date: string },
): Promise<Assembled> {
  const monday = mondayOf(date)
  if (kind === 'weekly' && date !== monday) {
    throw new PaperboyError(
      'EDITION_NOT_FOUND',
      `There is no weekly edition of ${date}: a week is dated by its Monday, ${monday}.`,
    )
  }
  const lastDay = kind === 'weekly' ? daysLater(date, 6) : date
  const closesAt = closeOfDay(lastDay, config.EDITION_CLOSE_HOUR_UTC)
  return db.transaction(async (tx) => {
    const standing = await lockEdition(tx, kind, date)
    if (standing && standing.state !== 'draft') return asItStands(tx, standing)
    const candidates = await withOwnVotes(tx, await readCandidates(tx, kind, date, now()), now())
    if (candidates.length === 0) {
      const span = kind === 'weekly' ? `the week of ${date}` : `list day ${date}`
      throw new PaperboyError(
        'EDITION_EMPTY',
        `There is no edition for ${span}: no papers were collected or imported for it.`,
      )
    }
    const followed = await readRisingCandidates(tx, { kind, date, closesAt }, config.EDITION_CLOSE_HOUR_UTC, now())
    const rows = [...rankedRows(candidates), ...risingRows(followed)]
    const times = {
      closesAt,
      releaseAt: new Date(closesAt.getTime() + config.EDITION_RELEASE_DELAY_MINUTES * 60_000),
      assembledAt: now(),
      listReadAt: await listReadAt(tx, lastDay),
    }
    const edition = standing
      ? await redate(tx, standing.id, times)
      : await create(tx, { kind, date, ...times, ...(await holdOf(tx, closesAt, now())) })
    // Another process made it and released it after we had looked.
    if (!edition) return asItStands(tx, (await lockEdition(tx, kind, date))!)
    await tx.delete(editionPapers).where(eq(editionPapers.editionId, edition.id))
    await tx.insert(editionPapers).values(rows.map((row, position) => ({ editionId: edition.id, position, ...row })))
    return { ...releaseOf(edition), editionId: edition.id, state: 'draft', papers: rows.length, changed: true }
  })
}

/** Our own readers' votes count beside the source's. What is still rising goes by the source's alone, so that its two numbers compare. */
async function withOwnVotes<P extends { id: number; votes: number | null }>(
  db: Db,
  papers: P[],
  by: Date,
): Promise<P[]> {
  const own = await countReaderVotes(
    db,
    papers.map((paper) => paper.id),
    { by },
  )
  return papers.map((paper) =>
    own.has(paper.id) ? { ...paper, votes: (paper.votes ?? 0) + own.get(paper.id)! } : paper,
  )
}

function rankedRows(candidates: Awaited<ReturnType<typeof readCandidates>>): Row[] {
  return rankPapers(candidates)
    .slice(0, MOST_CANDIDATES)
    .map(({ id, picked, score, note, votes, comments, stars, ageHours, ...paper }) => {
      const curator = picked ? paper.curator : null
      return {
        paperId: id,
        section: picked ? 'picks' : 'top',
        score,
        reason: reasonFor({ votes, comments, ageHours, pickedBy: curator }) ?? '',
        note,
        votes,
        comments,
        stars,
        curator,
        ageHours,
      }
    })
}

const risingRows = (followed: Awaited<ReturnType<typeof readRisingCandidates>>): Row[] =>
  selectRising(followed).map(({ id, closingRank, fifthVotes, votesBefore, ...paper }) => ({
    ...paper,
    paperId: id,
    section: 'rising',
    score: paper.votes - votesBefore,
    reason: reasonFor(paper) ?? '',
  }))

async function lockEdition(db: Db, kind: 'daily' | 'weekly', date: string) {
  const [found] = await db
    .select()
    .from(editions)
    .where(and(eq(editions.kind, kind), eq(editions.date, date)))
    .for('update')
  return found
}

type Edition = typeof editions.$inferSelect

const asItStands = async (db: Db, edition: Edition): Promise<Assembled> => ({
  ...releaseOf(edition),
  editionId: edition.id,
  state: edition.state,
  papers: await db.$count(editionPapers, eq(editionPapers.editionId, edition.id)),
  changed: false,
})

const releaseOf = ({ held, heldWhy, releaseAt }: Edition) => ({ held, heldWhy, releaseAt })

/** Whether a new draft is held: the clock releases no old news, and nothing that may be out already. */
async function holdOf(db: Db, closesAt: Date, at: Date): Promise<Pick<Edition, 'held' | 'heldWhy'>> {
  if (closesAt < oldNewsBefore(at)) return { held: true, heldWhy: OLD_NEWS }
  const [known] = await db.select({ restoredAt: mailing.restoredAt }).from(mailing)
  if (known?.restoredAt && closesAt <= known.restoredAt) return { held: true, heldWhy: MAY_BE_OUT }
  return { held: false, heldWhy: null }
}

const MAY_BE_OUT = 'its list closed before the database was restored, and it may have been sent'

type Times = Pick<typeof editions.$inferInsert, 'closesAt' | 'releaseAt' | 'assembledAt' | 'listReadAt'>

/** Not an upsert: one would use up an id of the ledger's partitions every time a draft is assembled anew. */
async function redate(db: Db, id: number, times: Times) {
  const [edition] = await db.update(editions).set(times).where(eq(editions.id, id)).returning()
  return edition
}

/** Where another process just made it, that draft is taken. @returns undefined when it is no draft any more */
async function create(
  db: Db,
  { kind, date, held, heldWhy, ...times }: Times & Pick<Edition, 'kind' | 'date' | 'held' | 'heldWhy'>,
) {
  const [edition] = await db
    .insert(editions)
    .values({ kind, date, held, heldWhy, ...times, messageKey: randomBytes(32) })
    .onConflictDoUpdate({
      target: [editions.kind, editions.date],
      set: times,
      setWhere: eq(editions.state, 'draft'),
    })
    .returning()
  return edition
}

/** The days' papers with the newest snapshot there is by `at`, and the curator's word on each. */
async function readCandidates(db: Db, kind: 'daily' | 'weekly', date: string, at: Date) {
  const { rows } = await db.execute<{
    id: number
    list_position: number
    votes: number | null
    comments: number | null
    stars: number | null
    age_hours: number | null
    picked: boolean | null
    note: string | null
    curator: string | null
  }>(sql`
    SELECT p.id::int8, p.list_position, s.votes, s.comments, s.stars, k.verdict = 'picked' AS picked, k.note, k.curator,
      (extract(epoch FROM s.observed_at - coalesce(p.listed_at, p.list_day::timestamp AT TIME ZONE 'UTC')) / 3600)::float8 AS age_hours
    FROM papers p
    LEFT JOIN LATERAL (
      SELECT * FROM signals WHERE paper_id = p.id AND observed_at <= ${at} ORDER BY observed_at DESC LIMIT 1
    ) s ON true
    LEFT JOIN picks k ON k.paper_id = p.id AND k.list_day = p.list_day
    WHERE p.list_day >= ${date}::date AND p.list_day < ${date}::date + ${kind === 'weekly' ? 7 : 1}::int
      AND k.verdict IS DISTINCT FROM 'dropped'
      -- Once a day has real papers, the sample's invented votes have no place beside them.
      AND NOT (p.sample AND EXISTS (SELECT FROM papers r WHERE r.list_day = p.list_day AND NOT r.sample))
    ORDER BY p.list_day, p.list_position, p.id`)
  return rows.map(({ id, list_position, age_hours, ...row }) => ({
    ...row,
    id: Number(id),
    listPosition: list_position,
    ageHours: age_hours === null ? null : Math.max(age_hours, 0),
  }))
}
