import { pino } from 'pino'
import { safeError } from '../lib/safe-error.ts'
import { relayAbility } from '../relay/carries-utf8.ts'
import { openMailDomains } from '../subscription/signup-protection/mail-domains.ts'
import type { Config } from './config/config.ts'
import { databaseClock } from './db/clock.ts'
import { databaseOn, openPool } from './db/database.ts'
import { openQueues } from './queue.ts'
import { allWitnesses, fileWitness } from './restore-marker.ts'
import type { Services } from './services.ts'

/** Opens pool, queues and log. @throws the database's error when the queue's tables cannot be made ready */
export async function openServices(config: Config): Promise<Services> {
  await using opening = new AsyncDisposableStack()
  // Every error that is logged goes through safeError: a database's error quotes its parameters, which may be an address.
  const log = pino({ level: config.LOG_LEVEL, serializers: { err: safeError } })
  let closing = false
  const report = (error: Error) => {
    if (!closing) log.warn({ err: error }, 'connection trouble')
  }
  const pool = opening.adopt(openPool(config.DATABASE_URL, report), (p) => p.end())
  const queues = opening.adopt(
    await openQueues({ databaseUrl: config.DATABASE_URL, redisUrl: config.REDIS_URL, onError: report }),
    (q) => q.close(),
  )
  const db = databaseOn(pool)
  const clock = opening.adopt(await databaseClock(db, report), (c) => c.stop())
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
    witness: allWitnesses(witnesses, report),
    now: clock.now,
    async [Symbol.asyncDispose]() {
      closing = true
      await opened.disposeAsync()
    },
  }
}
