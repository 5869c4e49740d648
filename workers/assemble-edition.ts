import { and, eq } from 'drizzle-orm'
import { daysLater, mondayOf, openListDay } from '../src/calendar/days.ts'
import { assemble } from '../src/edition/draft/assemble.ts'
import { PaperboyError } from '../src/lib/errors.ts'
import type { Source } from '../src/papers/ingest/sources/source.ts'
import { editions } from '../src/runtime/db/schema.ts'
import type { Services } from '../src/runtime/services.ts'
import { collectClosedDay } from './collect-papers.ts'

/**
 * Job `assemble-edition`: assembles the drafts of the last closed list day and week, and updates them with fresh votes until
 * their release. A day without papers makes no edition; the log says why.
 */
export async function assembleEditionJob(services: Services, sources: readonly Source[]): Promise<void> {
  const { config, now } = services
  const today = openListDay(now(), config.EDITION_CLOSE_HOUR_UTC)
  const monday = mondayOf(today)
  const wanted = [
    { kind: 'daily' as const, date: daysLater(today, -1) },
    { kind: 'weekly' as const, date: daysLater(monday, -7) },
  ]
  for (const key of wanted) {
    if (await isReleased(services, key)) continue
    if (key.kind === 'daily') await collectClosedDay(services, sources, key.date)
    await assemble(services, key).then(
      ({ papers, changed }) => changed && services.log.info({ ...key, papers }, 'edition assembled'),
      (error) => {
        if (!(error instanceof PaperboyError)) throw error
        services.log.info({ ...key, reason: error.message }, 'no edition')
      },
    )
  }
}

async function isReleased({ db }: Services, { kind, date }: { kind: 'daily' | 'weekly'; date: string }) {
  const [found] = await db
    .select({ state: editions.state })
    .from(editions)
    .where(and(eq(editions.kind, kind), eq(editions.date, date)))
  return found !== undefined && found.state !== 'draft'
}
