import { and, eq, sql } from 'drizzle-orm'
import { dayOf, isDay } from '../../calendar/days.ts'
import type { SpanKey } from '../../calendar/spans.ts'
import { PaperboyError } from '../../lib/errors.ts'
import type { Db } from '../../runtime/db/database.ts'
import { bool, moment, number, query, text } from '../../runtime/db/query.ts'
import { polls, sourceReads } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'
import type { BadEntry, ListedPaper } from './listed-paper.ts'
import { recordFailure, recordRead } from './source-health.ts'
import { rootOf } from './sources/polite-get.ts'
import type { Source, SourceReply } from './sources/source.ts'
import { prepareToStore, type Stored, storeList } from './store.ts'

export interface Collected extends Stored {
  source: string
  /** the list day, week or month that was read */
  day: SpanKey
  outcome: 'read' | 'not modified' | 'empty'
  /** entries that could not be parsed as papers */
  bad: BadEntry[]
}

type Deps = Pick<Services, 'db' | 'now' | 'log'> & { source: Source }

/**
 * Reads a list day, week or month from a source, and stores its papers with their current votes.
 * Repeated reads follow the votes. Success or failure is recorded, to distinguish an outage from a day without papers.
 *
 * @throws PaperboyError SOURCE_UNAVAILABLE, and stores nothing. This includes a reply with entries of which none can be parsed:
 *   the source's format has changed, and storing an empty day would hide that.
 */
export async function collect({ db, now, source, log }: Deps, span: SpanKey): Promise<Collected> {
  try {
    const reply = await read({ db, source }, span)
    const readAt = now()
    if (reply.outcome === 'read') checkBadEntries(reply, source.name, span, log)
    return await db.transaction((tx) => storeReply(tx, source, span, reply, readAt))
  } catch (cause) {
    const error = isRefused(cause)
      ? new PaperboyError(
          'SOURCE_UNAVAILABLE',
          `${source.name} sent something for ${span} that PostgreSQL refuses: ${rootOf(cause)}.`,
          { cause },
        )
      : cause
    if (error instanceof PaperboyError) await recordFailure(db, source.name, now(), error.message)
    throw error
  }
}

/** Whether PostgreSQL refused a value: data exceptions (22), and values that are too large to store or index (54). */
function isRefused(error: unknown): boolean {
  const { code } = ((error as Error | undefined)?.cause ?? {}) as { code?: unknown }
  return typeof code === 'string' && /^(?:22|54)/.test(code)
}

async function read({ db, source }: { db: Db; source: Source }, span: SpanKey): Promise<SourceReply> {
  const [last] = isDay(span) ? await db.select().from(sourceReads).where(readOf(source, span)) : []
  return source.read(span, last)
}

const readOf = (source: Source, day: string) => and(eq(sourceReads.source, source.name), eq(sourceReads.listDay, day))

async function storeReply(tx: Db, source: Source, span: SpanKey, reply: SourceReply, readAt: Date): Promise<Collected> {
  const nothing = { source: source.name, day: span, papers: 0, added: 0, changed: 0, signals: 0, bad: [] }
  if (isDay(span)) await tx.insert(polls).values({ source: source.name, listDay: span, readAt }).onConflictDoNothing()
  if (reply.outcome === 'not modified') {
    await tx.update(sourceReads).set({ readAt }).where(readOf(source, span))
    await recordRead(tx, source.name, { at: readAt, day: span, changed: false, stillOn: undefined })
    return { ...nothing, outcome: 'not modified' }
  }
  const { bad, validators, stillOn } = reply
  await prepareToStore(tx, reply.papers)
  const papers = source.keepsPlaces ? await atTheirPlaces(tx, reply.papers) : reply.papers
  const stored = await storeList({ db: tx }, papers, { observedAt: readAt, origin: source.name })
  if (isDay(span)) {
    const values = { readAt, ...validators, papers: stored.papers }
    // A feed or a reading list may have no more of an earlier day. Its list is not empty for that.
    const most = sql`greatest(${sourceReads.papers}, excluded.papers)`
    await tx
      .insert(sourceReads)
      .values({ source: source.name, listDay: span, ...values })
      .onConflictDoUpdate({
        target: [sourceReads.source, sourceReads.listDay],
        set: span === dayOf(readAt) ? values : { ...values, papers: most },
      })
  }
  const changed = stored.added + stored.changed + stored.signals > 0
  await recordRead(tx, source.name, { at: readAt, day: span, changed, stillOn: stillOn ?? null })
  return { ...nothing, ...stored, bad, outcome: papers.length > 0 ? 'read' : 'empty' }
}

/**
 * Gives known papers their stored list day, time and position: a feed repeats them for days. Of a paper that the community votes on, it
 * only fills gaps, as an announcement does. Otherwise both sources would overwrite each other's facts every half hour.
 */
async function atTheirPlaces(db: Db, read: readonly ListedPaper[]): Promise<ListedPaper[]> {
  const places = await query(db, {
    source: text,
    sourceId: text,
    listDay: text,
    listPosition: number,
    listedAt: moment.nullable(),
    isVotedOn: bool,
  })`
    SELECT source, source_id, list_day::text, list_position, listed_at, EXISTS (SELECT FROM signals WHERE paper_id = papers.id) AS is_voted_on
    FROM papers WHERE NOT sample AND NOT announced AND source_id = ANY(${sql.param(read.map(({ sourceId }) => sourceId))}::text[])`
  const known = new Map(places.map(({ source, sourceId, ...place }) => [`${source} ${sourceId}`, place]))
  return read.map((paper) => {
    const { isVotedOn, listedAt, ...place } = known.get(`${paper.source} ${paper.sourceId}`) ?? {}
    return { ...paper, ...place, ...(listedAt ? { listedAt } : {}), ...(isVotedOn ? { announced: true } : {}) }
  })
}

/** Logs bad entries. @throws PaperboyError SOURCE_UNAVAILABLE when all entries are bad */
function checkBadEntries(
  { papers, bad, ofOtherDays = 0 }: Extract<SourceReply, { outcome: 'read' }>,
  source: string,
  span: SpanKey,
  log: Deps['log'],
): void {
  for (const { position, reason } of bad) log.warn({ source, span, position, reason }, 'skipped an entry')
  if (papers.length + ofOtherDays > 0 || bad.length === 0) return
  throw new PaperboyError(
    'SOURCE_UNAVAILABLE',
    `${source} listed ${bad.length} entries for ${span}, and none could be parsed. The first ${bad[0]!.reason}.`,
  )
}
