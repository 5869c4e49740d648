import { buildApp } from './app.ts'
import { ConfigError, isSettled, readEnvironment } from './config.ts'
import { runUntilSignal } from './process.ts'
import { openServices } from './services.ts'

/** The api process: pages and API. On SIGTERM or SIGINT it takes no new connection and answers what is under way. */
await runUntilSignal(async (stack) => {
  const environment = readEnvironment(process.env)
  if (!isSettled(environment)) {
    throw new ConfigError(
      'The api process needs DATABASE_URL, SMTP_URL and the keys. On one machine, `npm start` runs everything.',
    )
  }
  const services = stack.use(await openServices(environment))
  const app = stack.adopt(buildApp(services), (a) => a.close())
  await app.listen({ host: environment.HOST, port: environment.PORT })
})
