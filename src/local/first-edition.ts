import { and, desc, eq, isNotNull, lt, sql } from 'drizzle-orm'
import { dayOf, daysLater, openListDay } from '../calendar/days.ts'
import { assemble } from '../edition/draft/assemble.ts'
import { release } from '../edition/draft/release.ts'
import { collect } from '../papers/ingest/collect.ts'
import { loadSample } from '../papers/ingest/sample/load-sample.ts'
import type { Source } from '../papers/ingest/sources/source.ts'
import { editionPapers, editions, papers } from '../runtime/db/schema.ts'
import type { Services } from '../runtime/services.ts'

/** Number of list days that a first start collects: enough to span a weekend. */
const FIRST_DAYS = 4
/** A source that takes longer is read later, so that a first start shows a page soon. */
const FIRST_TIMEOUT_MS = 1_500

/** Fills a fresh database with papers: from the sources if they answer soon, otherwise the sample. */
export async function ensureFirstPapers(services: Services, sources: readonly Source[]): Promise<void> {
  const { db, now, config } = services
  if ((await db.$count(papers)) > 0) return
  const days = Array.from({ length: FIRST_DAYS }, (_, back) => daysLater(dayOf(now()), -back))
  const reading = days.flatMap((day) => sources.map((source) => collect({ ...services, source }, day)))
  await Promise.race([Promise.allSettled(reading), new Promise((done) => setTimeout(done, FIRST_TIMEOUT_MS).unref())])
  if ((await db.$count(papers)) === 0) await loadSample({ ...services, closeHourUtc: config.EDITION_CLOSE_HOUR_UTC })
}

/**
 * Fills a fresh database with papers and a released edition of the newest closed list day. If an edition exists, it changes nothing:
 * the scheduler and the curator make the next ones.
 *
 * @returns the newest released edition's date, and whether its papers are the sample
 */
export async function ensureFirstEdition(
  services: Services,
  sources: readonly Source[],
): Promise<{ date: string; sample: boolean } | undefined> {
  const { db, now, config } = services
  if ((await db.$count(editions)) > 0) return newestReleased(services)
  await ensureFirstPapers(services, sources)
  const closed = openListDay(now(), config.EDITION_CLOSE_HOUR_UTC)
  const [newest] = await db
    .select({ date: papers.listDay, sample: sql<boolean>`bool_or(${papers.sample})` })
    .from(papers)
    .where(lt(papers.listDay, closed))
    .groupBy(papers.listDay)
    .orderBy(desc(papers.listDay))
    .limit(1)
  if (!newest) return undefined
  await assemble(services, { date: newest.date })
  await release(services, { date: newest.date }, 'start')
  return newest
}

async function newestReleased({ db }: Pick<Services, 'db'>) {
  const [newest] = await db
    .select({ date: editions.date, sample: sql<boolean>`bool_or(${papers.sample})` })
    .from(editions)
    .innerJoin(editionPapers, eq(editionPapers.editionId, editions.id))
    .innerJoin(papers, eq(papers.id, editionPapers.paperId))
    .where(and(isNotNull(editions.releasedAt), eq(editions.kind, 'daily')))
    .groupBy(editions.date)
    .orderBy(desc(editions.date))
    .limit(1)
  return newest
}
