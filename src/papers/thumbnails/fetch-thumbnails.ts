import { sql } from 'drizzle-orm'
import { dayOf, daysLater } from '../../calendar/days.ts'
import { userAgentOf } from '../../runtime/config/user-agent.ts'
import { bigint, number, query, text } from '../../runtime/db/query.ts'
import type { Services } from '../../runtime/services.ts'
import { type Fetched, fetchPicture } from './fetch-picture.ts'
import { resizePicture } from './resize.ts'

type Deps = Pick<Services, 'db' | 'now' | 'config'>

/** Older papers are read rarely, and an import of a year must not fetch thousands. */
const LISTED_DAYS = 14
const PER_RUN = 20
const MOST_ATTEMPTS = 4
/** The first retry comes after ten minutes, each further one after six times as long. A worker that died is retried likewise. */
const RETRY_MINUTES = 10

interface Options {
  signal?: AbortSignal
  /** replaced only in tests */
  fetch?: Parameters<typeof fetchPicture>[1]['fetch']
}

/** Fetches, checks, resizes and stores the pictures of new papers, one after the other. Repeating it is harmless. */
export async function fetchThumbnails(
  deps: Deps,
  { signal, fetch }: Options = {},
): Promise<{ stored: number; failed: { paperId: number; reason: string }[] }> {
  await addNew(deps)
  const failed = []
  let stored = 0
  for (const { paperId, sourceUrl, attempts } of await claimDue(deps)) {
    if (signal?.aborted) break
    const fetched = await fetchPicture(sourceUrl, { userAgent: userAgentOf(deps.config), fetch })
    const reason = await store(deps, paperId, fetched, attempts)
    if (reason === undefined) stored++
    else failed.push({ paperId, reason })
  }
  return { stored, failed }
}

const addNew = ({ db, now }: Deps) =>
  db.execute(sql`
    INSERT INTO thumbnails (paper_id, source_url, due_at)
    SELECT p.id, p.raw ->> 'thumbnail', ${now()} FROM papers p
    WHERE p.list_day >= ${daysLater(dayOf(now()), -LISTED_DAYS)}::date AND jsonb_typeof(p.raw -> 'thumbnail') = 'string'
      AND NOT EXISTS (SELECT FROM thumbnails WHERE paper_id = p.id)
    ON CONFLICT DO NOTHING`)

/** Claims due pictures: another worker skips them, and each is due again unless its outcome is stored. */
const claimDue = ({ db, now }: Deps) =>
  query(db, { paperId: bigint, sourceUrl: text, attempts: number })`
    UPDATE thumbnails t SET attempts = t.attempts + 1,
      due_at = ${now()}::timestamptz + make_interval(mins => ${RETRY_MINUTES} * (6 ^ t.attempts)::int)
    FROM (
      SELECT paper_id FROM thumbnails WHERE due_at <= ${now()} ORDER BY due_at, paper_id DESC LIMIT ${PER_RUN} FOR UPDATE SKIP LOCKED
    ) due
    WHERE t.paper_id = due.paper_id RETURNING t.paper_id, t.source_url, t.attempts`

/** @returns why there is no picture, or undefined */
async function store({ db }: Deps, paperId: number, fetched: Fetched, attempts: number): Promise<string | undefined> {
  let { failure, retryable } = 'failure' in fetched ? fetched : { failure: undefined, retryable: false }
  if ('bytes' in fetched) {
    try {
      const { hash, width, height, small, large } = await resizePicture(fetched.bytes)
      await db.execute(sql`
        UPDATE thumbnails SET due_at = NULL, failure = NULL, hash = ${hash}, width = ${width}, height = ${height},
          small = ${small}, large = ${large} WHERE paper_id = ${paperId}`)
    } catch (error) {
      failure = error instanceof Error ? error.message.split('\n')[0] : String(error)
    }
  }
  if (failure === undefined) return undefined
  retryable &&= attempts < MOST_ATTEMPTS
  await db.execute(sql`
    UPDATE thumbnails SET failure = ${failure}, due_at = CASE WHEN ${retryable} THEN due_at END WHERE paper_id = ${paperId}`)
  return failure
}
