import { and, asc, eq, gt, inArray, sql } from 'drizzle-orm'
import { dayOf, daysLater } from '../../calendar/days.ts'
import { DOUBLE_CLICK_SECONDS } from '../../lib/double-click.ts'
import { PaperboyError } from '../../lib/errors.ts'
import { number, queryOne } from '../../runtime/db/query.ts'
import { papers, submissions } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'
import { arxivId } from '../paper-id.ts'
import type { ListedPaper } from './listed-paper.ts'
import type { Source } from './sources/source.ts'
import { storeList } from './store.ts'

/** asked: to be looked up at arXiv · found: waits for the curator · unknown: arXiv does not know the paper */
type State = 'asked' | 'found' | 'unknown' | 'accepted' | 'declined'

/** Submissions per lookup request. */
const AT_ONCE = 50

/**
 * Stores a reader's submission of a paper. Only an arXiv id is taken from the text, so no submitted URL is ever opened.
 * A repeated submission increases a counter, unless it is a second click. The submitter is not stored here (`recordSubmitter` does,
 * for signed-in voters).
 *
 * @returns the paper's id, and its list day when the community's list already has it
 * @throws PaperboyError BAD_PAPER
 */
export async function submitPaper(
  { db }: Pick<Services, 'db'>,
  typed: string,
): Promise<{ arxivId: string; listDay: string | undefined }> {
  const id = arxivId(typed)
  if (!id)
    throw new PaperboyError(
      'BAD_PAPER',
      'Give a paper of arXiv by its link or number, such as arxiv.org/abs/2507.06261.',
    )
  const listed = await findListed(db, id)
  if (listed) return { arxivId: id, listDay: listed.listDay }
  await db
    .insert(submissions)
    .values({ arxivId: id })
    .onConflictDoUpdate({
      target: submissions.arxivId,
      // arXiv may have announced an unknown paper since.
      set: {
        times: sql`${submissions.times} + CASE WHEN ${submissions.submittedAt} > now() - ${DOUBLE_CLICK_SECONDS} * interval '1 second' THEN 0 ELSE 1 END`,
        state: sql`CASE WHEN ${submissions.state} = 'unknown' THEN 'asked' ELSE ${submissions.state} END`,
      },
    })
  return { arxivId: id, listDay: undefined }
}

/** Finds a paper on the community's list. */
async function findListed(db: Services['db'], id: string): Promise<{ title: string; listDay: string } | undefined> {
  const [listed] = await db
    .select({ title: papers.title, listDay: papers.listDay })
    .from(papers)
    .where(
      and(eq(papers.source, 'arxiv'), eq(papers.sourceId, id), eq(papers.announced, false), eq(papers.sample, false)),
    )
  return listed
}

/**
 * Looks up submitted papers at arXiv. Returns the number of lookups.
 * @throws PaperboyError SOURCE_UNAVAILABLE; the next run looks all of them up again
 */
export async function lookUpSubmissions({ db }: Pick<Services, 'db'>, arxiv: Source): Promise<number> {
  const asked = await db.select().from(submissions).where(eq(submissions.state, 'asked')).limit(AT_ONCE)
  if (asked.length === 0) return 0
  const found = new Map(
    (await arxiv.fetchByIds(asked.map((each) => each.arxivId))).map((paper) => [paper.sourceId, paper]),
  )
  for (const { id, arxivId } of asked) {
    const paper = found.get(arxivId)
    await db
      .update(submissions)
      .set(paper ? { state: 'found', found: paper } : { state: 'unknown' })
      .where(and(eq(submissions.id, id), eq(submissions.state, 'asked')))
  }
  return asked.length
}

export interface Submission {
  id: number
  arxivId: string
  state: State
  times: number
  submittedAt: Date
  title: string | undefined
}

const OPEN: State[] = ['asked', 'found', 'unknown']

/**
 * Reads the submissions that wait for the curator or for arXiv, oldest first: all of them, or a page.
 * @param page.after id of the last submission of the page before
 */
export async function openSubmissions(
  { db }: Pick<Services, 'db'>,
  page: { after?: number | undefined; limit?: number | undefined } = {},
): Promise<Submission[]> {
  const open = db
    .select()
    .from(submissions)
    .where(and(inArray(submissions.state, OPEN), gt(submissions.id, page.after ?? 0)))
    .orderBy(asc(submissions.id))
  const rows = await (page.limit === undefined ? open : open.limit(page.limit))
  return rows.map(({ id, arxivId, state, times, submittedAt, found }) => ({
    ...{ id, arxivId, state, times, submittedAt },
    title: (found as ListedPaper | null)?.title,
  }))
}

type Deps = Pick<Services, 'db' | 'now' | 'config'>

/** A list day further away than this is a slip: no page shows the paper until then. */
const MAX_DAYS_AHEAD = 7

/**
 * Accepts a submission: the paper goes to the end of a list day. One that the community has listed since stays on its list, which may
 * be closed and sent.
 *
 * @param day defaults to today
 * @returns its list day
 * @throws PaperboyError PAPER_NOT_FOUND when there is no such submission, or arXiv has not answered for it yet; BAD_PAPER
 *   for a day far ahead
 */
export async function acceptSubmission(
  deps: Deps,
  id: string,
  day?: string,
  note?: string,
): Promise<{ title: string; day: string }> {
  const { db, now } = deps
  const listDay = day ?? dayOf(now())
  if (listDay > daysLater(dayOf(now()), MAX_DAYS_AHEAD))
    throw new PaperboyError('BAD_PAPER', `Give a list day within the next ${MAX_DAYS_AHEAD} days, not ${listDay}.`)
  return db.transaction(async (tx) => {
    const paper = await decide({ ...deps, db: tx }, id, 'accepted', note)
    const known = await findListed(tx, paper.sourceId)
    if (known) return { title: known.title, day: known.listDay }
    const { last } = await queryOne(tx, { last: number })`
      SELECT coalesce(max(list_position), 0)::int AS last FROM papers WHERE list_day = ${listDay}::date`
    const listed = {
      ...paper,
      publishedAt: paper.publishedAt && new Date(paper.publishedAt),
      announced: false,
      listDay,
    }
    await storeList({ db: tx }, [{ ...listed, listPosition: last + 1 }], { observedAt: now(), origin: 'arxiv' })
    return { title: paper.title, day: listDay }
  })
}

/** Declines a submission. @throws PaperboyError PAPER_NOT_FOUND */
export const declineSubmission = (deps: Deps, id: string, note?: string): Promise<ListedPaper> =>
  decide(deps, id, 'declined', note)

async function decide({ db, now, config }: Deps, id: string, state: 'accepted' | 'declined', note?: string) {
  const [decided] = await db
    .update(submissions)
    .set({ state, note: note ?? null, curator: config.CURATOR_NAME, decidedAt: now() })
    .where(and(eq(submissions.arxivId, arxivId(id) ?? id), eq(submissions.state, 'found')))
    .returning({ found: submissions.found })
  if (decided) return decided.found as ListedPaper
  throw new PaperboyError(
    'PAPER_NOT_FOUND',
    `No submission "${id}" waits for a decision. "papers submissions" lists those that do.`,
  )
}
