import { resolve } from 'node:path'
import { startWorker } from '../../workers/worker.ts'
import { buildApp } from '../app.ts'
import { acquireDataDirLock } from '../embedded/lock.ts'
import { print } from '../lib/terminal.ts'
import { ensureFirstEdition } from '../local/first-edition.ts'
import { fillLocalDefaults } from '../local/local-defaults.ts'
import { configuredSources } from '../papers/ingest/sources/configured.ts'
import { readEnvironment } from '../runtime/config/config.ts'
import { VERSION } from '../runtime/config/version.ts'
import { migrate } from '../runtime/db/database.ts'
import { openServices } from '../runtime/open-services.ts'
import { runUntilSignal } from '../runtime/process.ts'

/** `npm start`: everything in one process. It stops parts in reverse order. */
await runUntilSignal(async (stack) => {
  performance.mark('modules')
  // The terminal shows the banner, so log only problems.
  const environment = readEnvironment({ LOG_LEVEL: 'warn', ...process.env })
  const dataDir = resolve(environment.DATA_DIR)
  stack.adopt(await acquireDataDirLock(dataDir), (lock) => lock.release())
  const { config, mailbox, notes } = await fillLocalDefaults(environment, stack, { mailbox: 'own', print })
  performance.mark('database')
  await migrate(config.DATABASE_URL)
  performance.mark('migrations')
  const services = stack.use(await openServices(config))
  performance.mark('services')
  const sources = configuredSources(services)
  const edition = await ensureFirstEdition(services, sources)
  performance.mark('edition')
  const app = stack.adopt(await buildApp(services, mailbox ? { mailboxUrl: mailbox.webUrl } : {}), (a) => a.close())
  await app.listen({ host: config.HOST, port: config.PORT })
  performance.mark('listening')
  stack.adopt(await startWorker(services, sources), (worker) => worker.stop())

  const row = (name: string, text: string) => print(`  ${name.padEnd(10)} ${text}`)
  print(`\n${config.newsletter.name} ${VERSION} is running.\n`)
  row('Page', `http://localhost:${config.PORT}/`)
  if (mailbox) row('Mailbox', `${mailbox.webUrl}  (all email arrives here)`)
  if (config.ADMIN_EMAILS.length > 0)
    row('Admin', `http://localhost:${config.PORT}/admin  (sign in as ${config.ADMIN_EMAILS[0]})`)
  row('Data', dataDir)
  if (edition) row('Edition', `${edition.date} is released${edition.sample ? ', with the sample papers' : ''}`)
  for (const note of notes) row('Note', note)
  print(`\nTry it: subscribe on the page, confirm from the mailbox, then send yourself today's digest:\n`)
  print(`  npm run paperboy -- edition send --date ${edition?.date ?? 'YYYY-MM-DD'} --now\n`)
  print('Ctrl-C stops everything.\n')
})
