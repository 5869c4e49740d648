import type pg from 'pg'
import { type Logger, pino } from 'pino'
import { reportTrouble } from '../lib/report-trouble.ts'
import { safeError } from '../lib/safe-error.ts'
import { requireTables } from '../operate/wait-for-database.ts'
import { relayAbility } from '../relay/carries-utf8.ts'
import { openMailDomains } from '../subscription/signup-protection/mail-domains.ts'
import { claimKey } from '../suppression/key-mark.ts'
import type { Config } from './config/config.ts'
import { databaseClock } from './db/clock.ts'
import { databaseOn, openPool, reportIdleErrors } from './db/database.ts'
import { openQueues } from './queue.ts'
import { allWitnesses, fileWitness } from './restore-marker.ts'
import type { Services } from './services.ts'

/** Every error that is logged goes through safeError: a database's error quotes its parameters, which may be an address. */
export const openLog = ({ LOG_LEVEL }: Pick<Config, 'LOG_LEVEL'>): Logger =>
  pino({ level: LOG_LEVEL, serializers: { err: safeError } })

/**
 * Opens pool, queues and log, on a database that fits this version and this configuration.
 *
 * @param options.anyKey for what must work whatever SUPPRESSION_KEY is, and hashes no address: `halt`, `status`
 * @param options.pool an open pool to use, which its owner ends; without it the services open their own
 * @throws TablesOutdated | WrongSuppressionKey, or the database's error when it cannot be asked
 */
export async function openServices(
  config: Config,
  { anyKey = false, pool: given }: { anyKey?: boolean; pool?: pg.Pool } = {},
): Promise<Services> {
  await using opening = new AsyncDisposableStack()
  const log = openLog(config)
  let closing = false
  const report = (connection: string): ((error: Error) => void) => {
    const trouble = reportTrouble(log, connection)
    return (error) => {
      if (!closing) trouble(error)
    }
  }
  const database = report('database')
  const pool = given
    ? reportIdleErrors(given, database)
    : opening.adopt(openPool(config.DATABASE_URL, database), (p) => p.end())
  const db = databaseOn(pool)
  await requireTables(pool)
  if (!anyKey) await claimKey(db, config.SUPPRESSION_KEY)
  const queue = report(config.REDIS_URL ? 'queue (Redis)' : 'queue (database)')
  const queues = opening.adopt(
    await openQueues({ databaseUrl: config.DATABASE_URL, redisUrl: config.REDIS_URL, onError: queue }),
    (q) => q.close(),
  )
  const clock = opening.adopt(await databaseClock(db, database), (c) => c.stop())
  const witnesses = [fileWitness(config.DATA_DIR), ...(queues.witness ? [queues.witness] : [])]
  const opened = opening.move()
  return {
    config,
    db,
    queues,
    keys: { current: config.SECRET_KEY, previous: config.SECRET_KEY_PREVIOUS },
    mailDomains: openMailDomains(),
    relayAbility: relayAbility(config.SMTP_URL),
    log,
    witness: allWitnesses(witnesses, report('restore guard’s memory outside the database')),
    now: clock.now,
    async [Symbol.asyncDispose]() {
      closing = true
      await opened.disposeAsync()
    },
  }
}
