import { resolve } from 'node:path'
import { acquireDataDirLock } from '../embedded/lock.ts'
import { print } from '../lib/terminal.ts'
import { fillLocalDefaults, localOrigin } from '../local/local-defaults.ts'
import { readEnvironment } from '../runtime/config/config.ts'
import { VERSION } from '../runtime/config/version.ts'
import { runUntilSignal } from '../runtime/process.ts'

/** `npm start`: everything in one process. It stops parts in reverse order. The marks are for `npm run bench -- start`. */
await runUntilSignal(async (stack, stopping) => {
  /** Ends a step of the start. After Ctrl-C it ends the start too: what opens next would only be closed, and a worker would send emails. */
  const finish = (step: string) => {
    performance.mark(step)
    stopping.throwIfAborted()
  }
  // The terminal shows the banner, so log only problems.
  const environment = readEnvironment({ LOG_LEVEL: 'warn', ...process.env })
  const dataDir = resolve(environment.DATA_DIR)
  stack.adopt(await acquireDataDirLock(dataDir), (lock) => lock.release())
  // The rest of the code loads while PostgreSQL starts in its own process, and not before: loading stops this process until it is done.
  const load = () => import('./service-parts.ts')
  const whileWaiting = () => void load().catch(() => {}) // thrown below
  const defaults = await fillLocalDefaults(environment, stack, { mailbox: 'later', print, whileWaiting })
  const { config, mailbox, openMailbox, notes } = defaults
  finish('database')
  const parts = await load()
  finish('modules')
  await parts.migrate(config.DATABASE_URL)
  finish('migrations')
  const services = stack.use(await parts.openServices(config, { lazyQueue: true }))
  finish('services')
  const sources = parts.configuredSources(services)
  await parts.ensureFirstPapers(services, sources)
  finish('papers')
  const app = parts.buildApp(services, { shedsLoad: false, mailboxUrl: mailbox?.webUrl })
  stack.adopt(app, (a) => a.close())
  await parts.checkForRestore(services)
  await app.listen({ host: config.HOST, port: config.PORT })
  finish('page')
  // The page works by now, and is answered while the mailbox loads in its thread. The worker would make it wait, so it loads last.
  const [edition] = await Promise.all([parts.ensureFirstEdition(services, sources), openMailbox()])
  finish('edition, mailbox')
  const { startWorker } = await import('../../workers/worker.ts')
  stack.adopt(await startWorker(services, sources), (worker) => worker.stop())
  finish('worker')

  const origin = localOrigin(config)
  const row = (name: string, text: string) => print(`  ${name.padEnd(10)} ${text}`)
  print(`\n${config.newsletter.name} ${VERSION} is running.\n`)
  row('Page', `${origin}/`)
  if (mailbox) row('Mailbox', `${mailbox.webUrl}  (all email arrives here)`)
  if (config.ADMIN_EMAILS.length > 0) row('Admin', `${origin}/admin  (sign in as ${config.ADMIN_EMAILS[0]})`)
  row('Data', dataDir)
  if (edition) row('Edition', `${edition.date} is released${edition.sample ? ', with the sample papers' : ''}`)
  for (const note of notes) row('Note', note)
  print(`\nTry it: subscribe on the page, confirm from the mailbox, then send yourself today's digest:\n`)
  print(`  npm run paperboy -- edition send --date ${edition?.date ?? 'YYYY-MM-DD'} --now\n`)
  print('Ctrl-C stops everything.\n')
})
