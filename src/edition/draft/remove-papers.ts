import { and, eq, inArray, sql } from 'drizzle-orm'
import { mondayOf } from '../../calendar/days.ts'
import { counted } from '../../lib/counted.ts'
import { PaperboyError } from '../../lib/errors.ts'
import { findPaper } from '../../papers/lists/paper.ts'
import { indexLock, storeLock } from '../../papers/locks.ts'
import { learnTaste } from '../../papers/votes/learn-taste.ts'
import type { Db } from '../../runtime/db/database.ts'
import { bigint, number, query, queryColumn, queryOne, text } from '../../runtime/db/query.ts'
import { editionPapers, editions, papers } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'
import { assemble } from './assemble.ts'
import { describeEdition, type EditionKey } from './control.ts'

type Deps = Pick<Services, 'db' | 'config' | 'now'>

/** Papers by name, in any form that `findPaper` takes, or all of a list day. */
export type Removal = { names: readonly string[] } | { day: string }

export interface Removed {
  /** as the source wrote their titles */
  papers: { id: number; title: string; listDay: string }[]
  days: string[]
  /** what readers lose with them: votes, and saved or marked papers */
  votes: number
  marks: number
  /** drafts that are assembled again, or deleted when no paper is left for them */
  drafts: EditionKey[]
}

/**
 * Deletes papers with all that belongs to them, such as those of a wrong file: signals, votes, marks, picks, words. Tastes are learned
 * again without them. Drafts with them are assembled again; one without papers is deleted. A paper of an edition that went out stays:
 * readers have it, and no digest may repeat it.
 *
 * @param options.dryRun only says what would be deleted
 * @throws PaperboyError PAPER_NOT_FOUND naming each; EDITION_STATE when one is in an edition that went out. Then nothing changes
 */
export const removePapers = (deps: Deps, which: Removal, { dryRun }: { dryRun: boolean }): Promise<Removed> =>
  deps.db.transaction(async (tx) => {
    // A list that is being stored could add signals, and an index words, for papers that go.
    await tx.execute(sql`SELECT pg_advisory_xact_lock(${storeLock})`)
    await tx.execute(sql`SELECT pg_advisory_xact_lock(${indexLock})`)
    const found = 'day' in which ? await papersOfDay(tx, which.day) : await papersNamed(tx, which.names)
    const ids = found.map(({ id }) => id)
    const days = [...new Set(found.map(({ listDay }) => listDay))].sort()
    // Assembling and a curator's change lock a draft before its papers. Waiting for it with its papers locked would be a deadlock.
    await lockDrafts(tx, ids, days)
    await tx.execute(sql`SELECT FROM papers WHERE id = ANY(${sql.param(ids)}::bigint[]) ORDER BY id FOR UPDATE`)
    // Again: one may have got a paper before these were locked.
    const drafts = await lockDrafts(tx, ids, days)
    await refuseSent(tx, found)
    const lost = await queryOne(tx, { votes: number, marks: number })`
      SELECT (SELECT count(*)::int FROM votes WHERE paper_id = ANY(${sql.param(ids)}::bigint[])) AS votes,
        (SELECT count(*)::int FROM marks WHERE paper_id = ANY(${sql.param(ids)}::bigint[])) AS marks`
    const keys = drafts.map(({ kind, date }) => ({ kind, date }))
    if (!dryRun) {
      const learned = await readersWhoJudged(tx, ids)
      await tx.delete(editionPapers).where(inArray(editionPapers.paperId, ids))
      await uncountWords(tx, ids)
      await tx.delete(papers).where(inArray(papers.id, ids))
      for (const reader of learned) await learnTaste({ ...deps, db: tx }, reader)
      for (const draft of drafts) await assembleOrDelete({ ...deps, db: tx }, draft)
    }
    return { papers: found, days, ...lost, drafts: keys }
  })

const Found = { id: bigint, title: text, listDay: text }

async function papersOfDay(db: Db, day: string) {
  const found = await query(db, Found)`
    SELECT id, title, list_day::text FROM papers WHERE list_day = ${day}::date ORDER BY list_position, id`
  if (found.length === 0) throw new PaperboyError('PAPER_NOT_FOUND', `The list of ${day} has no papers.`)
  return found
}

async function papersNamed(db: Db, names: readonly string[]) {
  const found: Awaited<ReturnType<typeof findPaper>>[] = []
  for (const name of names) found.push(await findPaper(db, name))
  const unknown = names.filter((_, at) => found[at] === undefined)
  if (unknown.length > 0)
    throw new PaperboyError('PAPER_NOT_FOUND', `There is no paper ${unknown.map((name) => `"${name}"`).join(', ')}.`)
  return query(db, Found)`
    SELECT id, title, list_day::text FROM papers WHERE id = ANY(${sql.param(found.map((paper) => paper!.id))}::bigint[])
    ORDER BY list_day, list_position, id`
}

/** Locks the drafts that have one of the papers, or whose list has. In one order, so that two people wait for each other. */
const lockDrafts = (db: Db, ids: readonly number[], days: readonly string[]) =>
  db
    .select({ id: editions.id, kind: editions.kind, date: editions.date })
    .from(editions)
    .where(
      and(
        eq(editions.state, 'draft'),
        sql`(${editions.kind} = 'daily' AND ${editions.date} = ANY(${sql.param(days)}::date[])
          OR ${editions.kind} = 'weekly' AND ${editions.date} = ANY(${sql.param(days.map(mondayOf))}::date[])
          OR EXISTS (SELECT FROM edition_papers c WHERE c.edition_id = ${editions.id} AND c.paper_id = ANY(${sql.param(ids)}::bigint[])))`,
      ),
    )
    .orderBy(editions.date, editions.kind)
    .for('update')

async function refuseSent(db: Db, found: Removed['papers']): Promise<void> {
  const sent = await query(db, { id: bigint, kind: text, date: text })`
    SELECT DISTINCT ON (c.paper_id) c.paper_id AS id, e.kind, e.date::text FROM edition_papers c JOIN editions e ON e.id = c.edition_id
    WHERE c.paper_id = ANY(${sql.param(found.map(({ id }) => id))}::bigint[]) AND e.released_at IS NOT NULL
    ORDER BY c.paper_id, e.released_at`
  const [first] = sent
  if (!first) return
  const { title } = found.find(({ id }) => id === first.id)!
  const edition = describeEdition({ kind: first.kind as EditionKey['kind'], date: first.date })
  throw new PaperboyError(
    'EDITION_STATE',
    `${counted(sent.length, 'paper')} of ${found.length} went out, such as “${title}” in ${edition}. Nothing was removed. Recall the edition if no email can have arrived. Otherwise remove the other papers by name.`,
  )
}

/** Returns the readers whose taste is made of these papers, too. */
const readersWhoJudged = (db: Db, ids: readonly number[]): Promise<number[]> =>
  queryColumn(db, bigint)`
    SELECT subscriber_id FROM tastes t
    WHERE EXISTS (SELECT FROM votes WHERE subscriber_id = t.subscriber_id AND paper_id = ANY(${sql.param(ids)}::bigint[]))
      OR EXISTS (SELECT FROM marks WHERE subscriber_id = t.subscriber_id AND paper_id = ANY(${sql.param(ids)}::bigint[]))`

/** Subtracts the papers from the counts of their words, which say how rare a word is. */
const uncountWords = (db: Db, ids: readonly number[]) =>
  db.execute(sql`
    UPDATE terms t SET papers = greatest(t.papers - gone.papers, 0)
    FROM (SELECT term_id, count(*)::int AS papers FROM paper_terms WHERE paper_id = ANY(${sql.param(ids)}::bigint[]) GROUP BY term_id) gone
    WHERE t.id = gone.term_id`)

async function assembleOrDelete(deps: Deps, { id, kind, date }: EditionKey & { id: number }): Promise<void> {
  try {
    await assemble(deps, { kind, date })
  } catch (error) {
    if (!(error instanceof PaperboyError && error.code === 'EDITION_EMPTY')) throw error
    await deps.db.delete(editions).where(eq(editions.id, id))
  }
}
