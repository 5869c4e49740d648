import { ConfigError, isSettled, readEnvironment } from '../src/config.ts'
import { configuredSources } from '../src/papers/sources/configured.ts'
import { runUntilSignal } from '../src/process.ts'
import { openServices } from '../src/services.ts'
import { startWorker } from './worker.ts'

/** The worker process: every job of the service. Stops by SIGTERM or SIGINT after what is in flight is finished and recorded. */
await runUntilSignal(async (stack) => {
  const environment = readEnvironment(process.env)
  if (!isSettled(environment)) {
    throw new ConfigError(
      'A worker of its own needs DATABASE_URL, SMTP_URL and the keys. On one machine, `npm start` runs everything.',
    )
  }
  const services = stack.use(await openServices(environment))
  const worker = stack.adopt(await startWorker(services, configuredSources(environment)), (w) => w.stop())
  services.log.info('worker ready')
  return worker
})
