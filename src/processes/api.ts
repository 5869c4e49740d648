import { fastifyPostgres } from '@fastify/postgres'
import { addRoutes, createServer } from '../app.ts'
import { checkForRestore } from '../delivery/ledger/restore-guard.ts'
import { waitForDatabase } from '../operate/wait-for-database.ts'
import { readEnvironment, requireComplete } from '../runtime/config/config.ts'
import { poolOptions } from '../runtime/db/database.ts'
import { openLog } from '../runtime/log.ts'
import { openServices } from '../runtime/open-services.ts'
import { runUntilSignal } from '../runtime/process.ts'

/** The api process: pages and API. On SIGTERM or SIGINT it accepts no new connection and answers open requests. */
await runUntilSignal(async (stack, stopping) => {
  const config = requireComplete(readEnvironment(process.env))
  const log = openLog(config)
  if (!(await waitForDatabase(config.DATABASE_URL, { log, tables: 'refuse', stopping }))) return
  const app = stack.adopt(createServer({ config, log }), (each) => each.close())
  // Registered first, so Fastify ends this pool last: after open requests and after the services.
  await app.register(fastifyPostgres, poolOptions(config.DATABASE_URL))
  const services = await openServices(config, { pool: app.pg.pool })
  app.addHook('onClose', () => services[Symbol.asyncDispose]())
  addRoutes(app, services)
  // Before the first sign-up: a worker may start later, or check later.
  await checkForRestore(services)
  await app.listen({ host: config.HOST, port: config.PORT })
  stopping.addEventListener('abort', () =>
    log.info({ signal: stopping.reason }, 'api stops: it answers the open requests'),
  )
})
