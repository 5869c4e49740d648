import { buildApp } from './app.ts'
import { waitForDatabase } from './operate/wait-for-database.ts'
import { readEnvironment, requireComplete } from './runtime/config/config.ts'
import { openLog, openServices } from './runtime/open-services.ts'
import { runUntilSignal } from './runtime/process.ts'

/** The api process: pages and API. On SIGTERM or SIGINT it takes no new connection and answers what is under way. */
await runUntilSignal(async (stack, stopping) => {
  const config = requireComplete(readEnvironment(process.env))
  if (!(await waitForDatabase(config.DATABASE_URL, { log: openLog(config), tables: 'refuse', stopping }))) return
  const services = stack.use(await openServices(config))
  const app = stack.adopt(buildApp(services), (a) => a.close())
  await app.listen({ host: config.HOST, port: config.PORT })
})
