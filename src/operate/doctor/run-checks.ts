import { Resolver } from 'node:dns/promises'
import type { Config } from '../../runtime/config/config.ts'
import { startDatabaseClock } from '../../runtime/db/clock.ts'
import { databaseOn, openPool } from '../../runtime/db/database.ts'
import { unwritableMarker } from '../attention/restore-marker.ts'
import { checkDatabase } from './database.ts'
import type { Diagnosis } from './diagnosis.ts'
import { checkMailbox } from './mailbox.ts'
import { checkQueue } from './queue.ts'
import { checkRelays } from './relays.ts'
import { checkSender, type Dns } from './sender.ts'
import { asDiagnosis, checkService } from './service.ts'
import { checkSite, type Fetch } from './site.ts'
import { checkTimeZones } from './time-zones.ts'

/**
 * Checks everything email depends on, and changes nothing. Never rejects: a failing check is a diagnosis.
 *
 * @param ask for tests: the name service and the web
 */
export async function runChecks(config: Config, ask: { dns?: Dns; fetch?: Fetch } = {}): Promise<Diagnosis[]> {
  const dns = ask.dns ?? new Resolver({ timeout: 3_000, tries: 2 })
  const data = checkData(config)
  const parts = await Promise.all([
    data,
    checkMarker(config.DATA_DIR, data),
    checkQueue(config.REDIS_URL),
    checkRelays(config),
    checkMailbox(config.INBOUND_IMAP_URL),
    checkSender(config, dns),
    checkSite(config, ask.fetch),
  ])
  return parts.flat()
}

/** Checks what this process can write, since no worker may have run yet. One that did has noted the same problem, with its time. */
async function checkMarker(dataDir: string, data: Promise<Diagnosis[]>): Promise<Diagnosis[]> {
  const [found, known] = await Promise.all([unwritableMarker(dataDir), data])
  return found.map(asDiagnosis).filter(({ message }) => !known.some((each) => each.message.startsWith(message)))
}

/** Checks the database, and the service by its data. Opens only a pool, since opening the queue would migrate its tables. */
async function checkData(config: Config): Promise<Diagnosis[]> {
  const { usable, diagnoses } = await checkDatabase(config.DATABASE_URL)
  if (!usable) return diagnoses
  await using stack = new AsyncDisposableStack()
  const pool = stack.adopt(
    openPool(config.DATABASE_URL, () => {}, 2),
    (each) => each.end(),
  )
  const db = databaseOn(pool)
  const clock = stack.adopt(await startDatabaseClock(db, () => {}), (each) => each.stop())
  const zones = await checkTimeZones({ db, now: clock.now })
  return [...diagnoses, ...zones, ...(await checkService({ db, config, now: clock.now }))]
}
