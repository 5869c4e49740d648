import { type Logger, pino } from 'pino'
import type { Config } from './config.ts'
import { type Db, databaseOn, openPool } from './db/database.ts'
import { type RelayAbility, relayAbility } from './delivery/carries-utf8.ts'
import { openQueues, type Queues } from './queue.ts'
import { safeError } from './safe-error.ts'
import { type MailDomains, openMailDomains } from './subscription/armour/mail-domains.ts'
import type { TokenKeys } from './subscription/tokens.ts'

/** What both processes work with: opened once, passed in, closed in reverse. */
export interface Services extends AsyncDisposable {
  config: Config
  db: Db
  queues: Queues
  keys: TokenKeys
  mailDomains: MailDomains
  relayAbility: RelayAbility
  log: Logger
  now: () => Date
}

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
  const opened = opening.move()
  return {
    config,
    db: databaseOn(pool),
    queues,
    keys: { current: config.SECRET_KEY, previous: config.SECRET_KEY_PREVIOUS },
    mailDomains: openMailDomains(),
    relayAbility: relayAbility(config.SMTP_URL),
    log,
    now: () => new Date(),
    async [Symbol.asyncDispose]() {
      closing = true
      await opened.disposeAsync()
    },
  }
}
