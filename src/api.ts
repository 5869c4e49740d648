import { buildApp } from './app.ts'
import { readEnvironment, requireSettled } from './runtime/config/config.ts'
import { openServices } from './runtime/open-services.ts'
import { runUntilSignal } from './runtime/process.ts'

/** The api process: pages and API. On SIGTERM or SIGINT it takes no new connection and answers what is under way. */
await runUntilSignal(async (stack) => {
  const config = requireSettled(readEnvironment(process.env))
  const services = stack.use(await openServices(config))
  const app = stack.adopt(buildApp(services), (a) => a.close())
  await app.listen({ host: config.HOST, port: config.PORT })
})
