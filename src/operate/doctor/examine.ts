import { Resolver } from 'node:dns/promises'
import type { Config } from '../../runtime/config/config.ts'
import { startDatabaseClock } from '../../runtime/db/clock.ts'
import { databaseOn, openPool } from '../../runtime/db/database.ts'
import { examineDatabase } from './database.ts'
import type { Diagnosis } from './diagnosis.ts'
import { examineQueue } from './queue.ts'
import { examineRelays } from './relays.ts'
import { type Dns, examineSender } from './sender.ts'
import { examineService } from './service.ts'
import { examineSite, type Fetch } from './site.ts'

/**
 * Checks everything email depends on, and changes nothing. Never rejects: a failing check is a diagnosis.
 *
 * @param ask for tests: the name service and the web
 */
export async function examine(config: Config, ask: { dns?: Dns; fetch?: Fetch } = {}): Promise<Diagnosis[]> {
  const dns = ask.dns ?? new Resolver({ timeout: 3_000, tries: 2 })
  const parts = await Promise.all([
    examineInside(config),
    examineQueue(config.REDIS_URL),
    examineRelays(config),
    examineSender(config, dns),
    examineSite(config, ask.fetch),
  ])
  return parts.flat()
}

/** Checks the database, and the service by its data. Opens only a pool, since opening the queue would migrate its tables. */
async function examineInside(config: Config): Promise<Diagnosis[]> {
  const { usable, diagnoses } = await examineDatabase(config.DATABASE_URL)
  if (!usable) return diagnoses
  await using stack = new AsyncDisposableStack()
  const pool = stack.adopt(
    openPool(config.DATABASE_URL, () => {}, 2),
    (each) => each.end(),
  )
  const db = databaseOn(pool)
  const clock = stack.adopt(await startDatabaseClock(db, () => {}), (each) => each.stop())
  return [...diagnoses, ...(await examineService({ db, config, now: clock.now }))]
}
