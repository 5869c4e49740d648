import { randomBytes } from 'node:crypto'
import { eq } from 'drizzle-orm'
import { closeOfDay, daysLater, mondayOf } from '../../calendar/days.ts'
import { PaperboyError } from '../../lib/errors.ts'
import { listReadAt } from '../../papers/ingest/source-health.ts'
import type { ListFacts } from '../../papers/ranking/list-facts.ts'
import { type ListedVotes, readAddedVotes, readListVotes } from '../../papers/ranking/list-votes.ts'
import { byScore, byVotes, rankPapers, ranksOf } from '../../papers/ranking/rank.ts'
import { type ReasonFacts, reasonFor } from '../../papers/ranking/reason.ts'
import { computeListFacts, readListFacts } from '../../papers/ranking/record-list-facts.ts'
import { readRisingCandidates, selectRising } from '../../papers/ranking/rising.ts'
import type { Db } from '../../runtime/db/database.ts'
import { editionPapers, editions, mailing } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'
import { lockEdition } from './control.ts'
import { LIST_TOO_OLD, listTooOldBefore } from './edition-age.ts'
import { placePinned, readPins } from './pins.ts'

/** More papers than any digest has, few enough to compose quickly. */
const MAX_PAPERS = 120

type Row = Omit<typeof editionPapers.$inferInsert, 'editionId' | 'position'>

export interface Assembled {
  editionId: number
  state: string
  papers: number
  /** false when the edition is no draft any more, and nothing changed */
  changed: boolean
  /** only a person releases it */
  held: boolean
  /** why Paperboy holds it; null when a person does */
  heldWhy: string | null
  releaseAt: Date
}

/**
 * Assembles the draft edition of a list day or ISO week, again if there is one. The curator's picks come first, then papers by score
 * (of a week by votes), then papers of earlier lists that are still rising. Pinned papers keep their places. Papers that the curator
 * dropped are omitted.
 * A new draft of an old list is held.
 *
 * @param date the list day, or the Monday of the week
 * @returns the edition as it is now; a released edition stays unchanged
 * @throws PaperboyError EDITION_EMPTY when that day has no papers; EDITION_NOT_FOUND for a week not dated by its Monday
 */
export async function assemble(
  { db, config, now }: Pick<Services, 'db' | 'config' | 'now'>,
  { kind = 'daily', date }: { kind?: 'daily' | 'weekly'; date: string },
): Promise<Assembled> {
  const monday = mondayOf(date)
  if (kind === 'weekly' && date !== monday) {
    throw new PaperboyError(
      'EDITION_NOT_FOUND',
      `There is no weekly edition of ${date}. A week is named by its Monday: ${monday}.`,
    )
  }
  const lastDay = kind === 'weekly' ? daysLater(date, 6) : date
  const closeHourUtc = config.EDITION_CLOSE_HOUR_UTC
  const closesAt = closeOfDay(lastDay, closeHourUtc)
  const tooOldBefore = listTooOldBefore(now(), closeHourUtc)
  return db.transaction(async (tx) => {
    const existing = await lockEdition(tx, { kind, date })
    if (existing && existing.state !== 'draft') return describeUnchanged(tx, existing)
    const listed = await readListVotes(tx, { from: date, to: lastDay }, now())
    if (listed.length === 0) {
      const span = kind === 'weekly' ? `the week of ${date}` : `list day ${date}`
      throw new PaperboyError(
        'EDITION_EMPTY',
        `There is no edition for ${span}: no papers were collected or imported for it.`,
      )
    }
    const facts =
      kind === 'weekly'
        ? await readListFacts(
            tx,
            listed.map(({ id }) => id),
          )
        : await computeListFacts({ db: tx, now, closeHourUtc }, date, listed)
    const followed = await readRisingCandidates(tx, { kind, date, closesAt }, closeHourUtc, now())
    const added = await readAddedVotes(tx, { from: date, to: lastDay }, now())
    const rows = placePinned(
      [
        ...rankedRows({ listed, added }, facts, kind),
        ...risingRows(
          followed.filter(({ id }) => !added.some((paper) => paper.id === id)),
          kind,
        ),
      ],
      existing ? await readPins(tx, existing.id) : [],
    )
    const times = {
      closesAt,
      releaseAt: existing?.scheduledAt ?? new Date(closesAt.getTime() + config.EDITION_RELEASE_DELAY_MINUTES * 60_000),
      assembledAt: now(),
      listReadAt: await listReadAt(tx, lastDay),
    }
    const edition = existing
      ? await updateTimes(tx, existing.id, times)
      : await createDraft(tx, { kind, date, ...times, ...(await decideHold(tx, closesAt, tooOldBefore)) })
    // Another process created and released it after we read the table.
    if (!edition) return describeUnchanged(tx, (await lockEdition(tx, { kind, date }))!)
    await tx.delete(editionPapers).where(eq(editionPapers.editionId, edition.id))
    await tx.insert(editionPapers).values(rows.map((row, position) => ({ editionId: edition.id, position, ...row })))
    const { held, heldWhy, releaseAt } = edition
    return { held, heldWhy, releaseAt, editionId: edition.id, state: 'draft', papers: rows.length, changed: true }
  })
}

/** A paper with fewer votes is not trending. */
const TRENDING_VOTES = 5

type Kind = 'daily' | 'weekly'

/**
 * Orders papers: the curator's picks, then by score (of a week by votes), then those that are only new. A list without any votes is in
 * its own order.
 * @param papers.added picks of other list days; they have no rank on this list
 */
function rankedRows(
  { listed, added }: { listed: readonly ListedVotes[]; added: readonly ListedVotes[] },
  facts: ReadonlyMap<number, ListFacts>,
  kind: Kind,
): Row[] {
  const isVoted = listed.some(({ sourceVotes }) => sourceVotes !== null)
  // As the page of the week, which a weekly edition links to.
  const order = kind === 'weekly' ? byVotes : byScore
  const ranks = ranksOf(listed, order)
  const ranked = rankPapers([...listed, ...added], order).map((paper): Row => {
    const { id, picked, score, note, votes, comments, stars, ageHours } = paper
    const curator = picked ? paper.curator : null
    const list = facts.get(id)
    const known: ReasonFacts = {
      list: list && kind === 'weekly' ? withoutOutdone({ id, facts: list }, listed, facts) : list,
      ...(kind === 'weekly' && ranks.has(id) ? { week: { rank: ranks.get(id)!, of: listed.length } } : {}),
    }
    const section = picked ? 'picks' : isVoted && (votes ?? 0) < TRENDING_VOTES ? 'new' : 'top'
    const reason = reasonFor({ ...known, pickedBy: curator }) ?? ''
    return { paperId: id, section, score, reason, note, votes, comments, stars, curator, ageHours, facts: known }
  })
  const isNew = ({ section }: Row) => section === 'new'
  return [...ranked.filter((row) => !isNew(row)), ...ranked.filter(isNew)].slice(0, MAX_PAPERS)
}

/** In a week, a later paper may have outdone the one that had most votes when its list closed. */
function withoutOutdone(
  own: { id: number; facts: ListFacts },
  week: readonly ListedVotes[],
  facts: ReadonlyMap<number, ListFacts>,
): ListFacts {
  const { best, ...rest } = own.facts
  if (!best) return rest
  const isOutdone = week.some(({ id, topics, announced }) => {
    if (id === own.id || announced || (best.topic !== undefined && !topics.includes(best.topic))) return false
    const { timing, votes } = facts.get(id) ?? {}
    return timing !== 'closing' || votes === undefined || votes >= (rest.votes ?? 0)
  })
  return isOutdone ? rest : own.facts
}

/** "Still rising" uses only the source's votes, so that those of the close and of today stay comparable. */
const risingRows = (followed: Awaited<ReturnType<typeof readRisingCandidates>>, kind: Kind): Row[] =>
  selectRising(followed).map((paper) => {
    const { closingRank: from, rankNow: to, listed: of, listDay } = paper
    const facts: ReasonFacts = { rise: { from, to, of, listDay, weekly: kind === 'weekly' } }
    return {
      paperId: paper.id,
      section: 'rising',
      score: paper.votes - paper.votesBefore,
      reason: reasonFor(facts) ?? '',
      votes: paper.votes,
      comments: paper.comments,
      stars: paper.stars,
      ageHours: paper.ageHours,
      earlierVotes: paper.closingVotes,
      earlierAt: paper.closingReadAt,
      facts,
    }
  })

type Edition = typeof editions.$inferSelect

async function describeUnchanged(db: Db, { id, state, held, heldWhy, releaseAt }: Edition): Promise<Assembled> {
  const papers = await db.$count(editionPapers, eq(editionPapers.editionId, id))
  return { editionId: id, state, papers, changed: false, held, heldWhy, releaseAt }
}

/** Holds a new draft whose list is too old, or that a restored database may have sent before. */
async function decideHold(db: Db, closesAt: Date, tooOldBefore: Date): Promise<Pick<Edition, 'held' | 'heldWhy'>> {
  if (closesAt < tooOldBefore) return { held: true, heldWhy: LIST_TOO_OLD }
  const [known] = await db.select({ restoredAt: mailing.restoredAt }).from(mailing)
  if (known?.restoredAt && closesAt <= known.restoredAt) return { held: true, heldWhy: MAY_BE_SENT }
  return { held: false, heldWhy: null }
}

const MAY_BE_SENT = 'its list closed before the database was restored, and it may have been sent'

type Times = Pick<typeof editions.$inferInsert, 'closesAt' | 'releaseAt' | 'assembledAt' | 'listReadAt'>

/** Not an upsert: each would use up an edition id, and partitions of the ledger are named by it. */
async function updateTimes(db: Db, id: number, times: Times) {
  const [edition] = await db.update(editions).set(times).where(eq(editions.id, id)).returning()
  return edition
}

/** Creates the draft, or updates the one that another process just created. @returns undefined when that is no draft any more */
async function createDraft(
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
