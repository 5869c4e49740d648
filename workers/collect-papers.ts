import { eq } from 'drizzle-orm'
import { dayOf, daysLater } from '../src/calendar/days.ts'
import { PaperboyError } from '../src/lib/errors.ts'
import { collect } from '../src/papers/ingest/collect.ts'
import { daysDue } from '../src/papers/ingest/polling.ts'
import type { Source } from '../src/papers/ingest/sources/source.ts'
import { recordListFacts } from '../src/papers/ranking/record-list-facts.ts'
import { sourceReads } from '../src/runtime/db/schema.ts'
import type { JobData } from '../src/runtime/jobs.ts'
import type { Services } from '../src/runtime/services.ts'

/**
 * Job `collect-papers`: reads the due list days of every source. The next tick retries a source that fails.
 * @param wanted a source and a list day that an operator asked for; only these are read
 */
export async function collectPapersJob(
  services: Services,
  sources: readonly Source[],
  wanted: JobData<'collect-papers'> = {},
  stopping?: AbortSignal,
): Promise<void> {
  if (wanted.source !== undefined && wanted.day !== undefined) {
    const source = sources.find(({ name }) => name === wanted.source)
    if (source) await tryToCollect(services, source, wanted.day)
    return
  }
  const failures: unknown[] = []
  // A defect that one source's papers meet must not cost the papers of the sources behind it.
  for (const source of sources) await collectDueDays(services, source, stopping).catch((error) => failures.push(error))
  if (failures.length > 1) throw new AggregateError(failures, 'Several sources failed')
  if (failures.length === 1) throw failures[0]
}

async function collectDueDays(services: Services, source: Source, stopping: AbortSignal | undefined): Promise<void> {
  // If one day fails, the others would too: do not ask a failing source fifteen times.
  for (const day of await readDueDays(services, source))
    if (stopping?.aborted || !(await tryToCollect(services, source, day))) break
}

async function readDueDays({ db, now, config }: Services, source: Source): Promise<string[]> {
  const read = await db.select().from(sourceReads).where(eq(sourceReads.source, source.name))
  const lastRead = new Map(read.map(({ listDay, readAt }) => [listDay, readAt]))
  return daysDue(now(), source, lastRead, config.EDITION_CLOSE_HOUR_UTC)
}

/**
 * Reads the final votes of a list day from the sources that have votes. The others read it once after its close. All are asked at once:
 * the edition waits for the slowest, and goes on without one that fails.
 */
export async function collectClosedDay(services: Services, sources: readonly Source[], day: string): Promise<void> {
  const read = async (source: Source) => {
    if (source.followDays > 0 || (await readDueDays(services, source)).includes(day))
      await tryToCollect(services, source, day)
  }
  const failed = (source: Source) => (err: unknown) =>
    services.log.error({ err, source: source.name, day }, 'a closed list could not be read')
  await Promise.all(sources.map((source) => read(source).catch(failed(source))))
}

async function tryToCollect(services: Services, source: Source, day: string): Promise<boolean> {
  try {
    await collect({ ...services, source }, day)
    const { now, config } = services
    // A list's facts are frozen an hour after its close.
    if (day >= daysLater(dayOf(now()), -1))
      await recordListFacts({ ...services, closeHourUtc: config.EDITION_CLOSE_HOUR_UTC }, day)
    return true
  } catch (error) {
    if (!(error instanceof PaperboyError)) throw error
    services.log.warn({ source: source.name, day, reason: error.message }, 'papers could not be collected')
    return false
  }
}
