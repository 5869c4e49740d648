import type pg from 'pg'
import type { Logger } from 'pino'
import { logConnectionErrors } from '../lib/log-connection-errors.ts'
import { requireTables } from '../operate/wait-for-database.ts'
import { relayAbility } from '../relay/carries-utf8.ts'
import { openMailDomains } from '../subscription/signup-protection/mail-domains.ts'
import { registerKey } from '../suppression/key-fingerprint.ts'
import type { Config } from './config/config.ts'
import type { TemplateFiles } from './config/template-files.ts'
import { startDatabaseClock } from './db/clock.ts'
import { databaseOn, openPool, reportIdleErrors } from './db/database.ts'
import { readInstallation } from './installation.ts'
import { lazyQueues } from './lazy-queues.ts'
import { openLog } from './log.ts'
import { combineRestoreMarkers, fileRestoreMarkers } from './restore-marker.ts'
import type { Services } from './services.ts'

/** Returns the operator's templates that work, and logs the others. */
async function usableTemplates(config: Config, log: Logger): Promise<TemplateFiles> {
  const { files, ignored, broken } = config.templates
  if (files.size + ignored.length + broken.length === 0) return config.templates
  // Loads MJML, which most commands never need.
  const { checkTemplates } = await import('../operate/check-templates.ts')
  const templates = await checkTemplates(config)
  for (const { file, problem } of templates.broken)
    log.error({ file, problem }, 'a template cannot be used; the default is')
  for (const file of templates.ignored) log.warn({ file }, 'a template has a name that nothing uses; it is ignored')
  return templates
}

/**
 * Opens everything in `Services`. The database must fit this version and this configuration.
 *
 * @param options.anyKey skips the check of SUPPRESSION_KEY, for commands that hash no address: `halt`, `status`
 * @param options.isCommand its log goes to stderr, since a command's stdout is its result
 * @param options.lazyQueue opens the queue only once it is used
 * @param options.pool an open pool to use, which its owner ends; without it the services open their own
 * @throws TablesOutdated | WrongSuppressionKey, or the database's error when it is unreachable
 */
export async function openServices(
  config: Config,
  {
    anyKey = false,
    isCommand = false,
    lazyQueue = false,
    pool: given,
  }: { anyKey?: boolean; isCommand?: boolean; lazyQueue?: boolean; pool?: pg.Pool } = {},
): Promise<Services> {
  await using opening = new AsyncDisposableStack()
  const log = openLog(config, isCommand)
  let closing = false
  const report = (connection: string): ((error: Error) => void) => {
    const logError = logConnectionErrors(log, connection)
    return (error) => {
      if (!closing) logError(error)
    }
  }
  const database = report('database')
  const pool = given
    ? reportIdleErrors(given, database)
    : opening.adopt(openPool(config.DATABASE_URL, database), (p) => p.end())
  const db = databaseOn(pool)
  await requireTables(pool)
  if (!anyKey) await registerKey(db, config.SUPPRESSION_KEY)
  const templates = await usableTemplates(config, log)
  const queue = report(config.REDIS_URL ? 'queue (Redis)' : 'queue (database)')
  const open = async () => {
    const { openQueues } = await import('./queue.ts')
    const { DATABASE_URL: databaseUrl, REDIS_URL: redisUrl } = config
    return openQueues({ databaseUrl, redisUrl, installation: await readInstallation(db), onError: queue })
  }
  const queues = opening.adopt(lazyQueue && !config.REDIS_URL ? lazyQueues(open, queue) : await open(), (q) =>
    q.close(),
  )
  const clock = opening.adopt(await startDatabaseClock(db, database), (c) => c.stop())
  const stores = [fileRestoreMarkers(config.DATA_DIR), ...(queues.restoreMarkers ? [queues.restoreMarkers] : [])]
  const opened = opening.move()
  return {
    config: { ...config, templates },
    db,
    queues,
    keys: { current: config.SECRET_KEY, previous: config.SECRET_KEY_PREVIOUS },
    mailDomains: openMailDomains(),
    relayAbility: relayAbility(config.SMTP_URL),
    log,
    restoreMarkers: combineRestoreMarkers(stores, report('restore marker outside the database')),
    now: clock.now,
    async [Symbol.asyncDispose]() {
      closing = true
      await opened.disposeAsync()
    },
  }
}
