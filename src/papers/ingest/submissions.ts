import { and, asc, eq, inArray, sql } from 'drizzle-orm'
import { dayOf } from '../../calendar/days.ts'
import { PaperboyError } from '../../lib/errors.ts'
import { papers, submissions } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'
import { arxivId } from '../paper-id.ts'
import type { ListedPaper } from './listed-paper.ts'
import type { Source } from './sources/source.ts'
import { storeList } from './store.ts'

/** asked: to be looked up at arXiv · found: waits for the curator · unknown: arXiv has no such paper */
type State = 'asked' | 'found' | 'unknown' | 'accepted' | 'declined'

/** Submissions looked up in one request. */
const AT_ONCE = 50

/**
 * A reader proposes a paper. Only an arXiv id is taken out of what they gave, so no address of theirs is ever opened. Proposing a
 * paper again only counts; who did is not kept here (a browser known for voting is noted beside the votes).
 *
 * @returns the paper's id, and its list day where the community's list has it already
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
  const [listed] = await db
    .select({ listDay: papers.listDay })
    .from(papers)
    .where(
      and(eq(papers.source, 'arxiv'), eq(papers.sourceId, id), eq(papers.announced, false), eq(papers.sample, false)),
    )
  if (listed) return { arxivId: id, listDay: listed.listDay }
  await db
    .insert(submissions)
    .values({ arxivId: id })
    .onConflictDoUpdate({
      target: submissions.arxivId,
      // What arXiv did not know yesterday may have been announced since.
      set: {
        times: sql`${submissions.times} + 1`,
        state: sql`CASE WHEN ${submissions.state} = 'unknown' THEN 'asked' ELSE ${submissions.state} END`,
      },
    })
  return { arxivId: id, listDay: undefined }
}

/** Looks up what was proposed. @throws PaperboyError SOURCE_UNAVAILABLE, and all of it is looked up the next time */
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
  arxivId: string
  state: State
  times: number
  submittedAt: Date
  title: string | undefined
}

/** What waits for the curator, or for arXiv's answer; oldest first. */
export async function openSubmissions({ db }: Pick<Services, 'db'>): Promise<Submission[]> {
  const open = await db
    .select()
    .from(submissions)
    .where(inArray(submissions.state, ['asked', 'found', 'unknown']))
    .orderBy(asc(submissions.submittedAt))
  return open.map(({ arxivId, state, times, submittedAt, found }) => ({
    arxivId,
    state,
    times,
    submittedAt,
    title: (found as ListedPaper | null)?.title,
  }))
}

type Deps = Pick<Services, 'db' | 'now' | 'config'>

/**
 * The curator takes a proposed paper: it goes to the end of a list day.
 *
 * @param day today's where none is given
 * @throws PaperboyError PAPER_NOT_FOUND where it was not proposed or arXiv has not said what it is
 */
export async function acceptSubmission(
  deps: Deps,
  id: string,
  day?: string,
  note?: string,
): Promise<{ title: string; day: string }> {
  const { db, now } = deps
  const listDay = day ?? dayOf(now())
  return db.transaction(async (tx) => {
    const paper = await decide({ ...deps, db: tx }, id, 'accepted', note)
    const { rows } = await tx.execute<{ last: number }>(
      sql`SELECT coalesce(max(list_position), 0)::int AS last FROM papers WHERE list_day = ${listDay}::date`,
    )
    const listed = {
      ...paper,
      publishedAt: paper.publishedAt && new Date(paper.publishedAt),
      announced: false,
      listDay,
    }
    const listPosition = rows[0]!.last + 1
    await storeList({ db: tx }, [{ ...listed, listPosition }], { observedAt: now(), origin: 'arxiv' })
    return { title: paper.title, day: listDay }
  })
}

/** The curator says no. @throws PaperboyError PAPER_NOT_FOUND */
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
