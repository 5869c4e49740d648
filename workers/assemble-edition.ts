import { and, eq, sql } from 'drizzle-orm'
import { daysLater, openListDay } from '../src/calendar/days.ts'
import { assemble } from '../src/edition/draft/assemble.ts'
import type { EditionKey } from '../src/edition/draft/control.ts'
import { editionsToMake } from '../src/edition/draft/edition-age.ts'
import { PaperboyError } from '../src/lib/errors.ts'
import type { Source } from '../src/papers/ingest/sources/source.ts'
import { editions, papers } from '../src/runtime/db/schema.ts'
import type { Services } from '../src/runtime/services.ts'
import { collectClosedDay } from './collect-papers.ts'

/**
 * Job `assemble-edition`: assembles the drafts of the last closed lists and week, and updates them with fresh votes until their
 * release. So it does with earlier drafts that lack the final ranking. A day without papers makes no edition; the log says why.
 */
export async function assembleEditionJob(services: Services, sources: readonly Source[]): Promise<void> {
  const { config, now } = services
  const yesterday = daysLater(openListDay(now(), config.EDITION_CLOSE_HOUR_UTC), -1)
  const wanted = editionsToMake(now(), config.EDITION_CLOSE_HOUR_UTC)
  const isWanted = (key: EditionKey) => wanted.some(({ kind, date }) => kind === key.kind && date === key.date)
  wanted.push(...(await closedDrafts(services)).filter((key) => !isWanted(key)))
  for (const key of wanted) {
    const known = await readEdition(services, key)
    if (known && known.state !== 'draft') continue
    if (key.kind === 'daily') {
      const isLast = key.date === yesterday
      if (!isLast && !(await isListed(services, key.date))) continue
      // Of earlier lists, the final votes are enough.
      if (isLast || !known || known.assembledAt < known.closesAt) await collectClosedDay(services, sources, key.date)
    }
    await assemble(services, key).then(
      ({ papers, changed }) => changed && services.log.info({ ...key, papers }, 'edition assembled'),
      (error) => {
        if (!(error instanceof PaperboyError)) throw error
        services.log.info({ ...key, reason: error.message }, 'no edition')
      },
    )
  }
}

/** Earlier drafts that were assembled before their list closed, and that no worker has seen since. */
const closedDrafts = ({ db, now }: Services): Promise<EditionKey[]> =>
  db
    .select({ kind: editions.kind, date: editions.date })
    .from(editions)
    .where(sql`state = 'draft' AND NOT held AND assembled_at < closes_at AND closes_at <= ${now()}`)

async function readEdition({ db }: Services, { kind, date }: EditionKey) {
  const [found] = await db
    .select({ state: editions.state, assembledAt: editions.assembledAt, closesAt: editions.closesAt })
    .from(editions)
    .where(and(eq(editions.kind, kind), eq(editions.date, date)))
  return found
}

const isListed = async ({ db }: Services, day: string): Promise<boolean> =>
  (await db.$count(papers, eq(papers.listDay, day))) > 0
