import { waitForDatabase } from '../src/operate/wait-for-database.ts'
import { configuredSources } from '../src/papers/ingest/sources/configured.ts'
import { readEnvironment, requireComplete } from '../src/runtime/config/config.ts'
import { openLog } from '../src/runtime/log.ts'
import { openServices } from '../src/runtime/open-services.ts'
import { runUntilSignal } from '../src/runtime/process.ts'
import { startHeartbeat } from './heartbeat.ts'
import { measureProcess, serveMetrics } from './metrics.ts'
import { startWorker } from './worker.ts'

/** The worker process: runs every job. On SIGTERM or SIGINT it finishes and records emails in flight, then stops. */
await runUntilSignal(async (stack, stopping) => {
  const config = requireComplete(readEnvironment(process.env))
  if (!(await waitForDatabase(config.DATABASE_URL, { log: openLog(config), tables: 'wait', stopping }))) return
  if (!process.send) {
    const metrics = await serveMetrics(config, async () => [await measureProcess()])
    stack.defer(() => metrics.close())
  }
  const services = stack.use(await openServices(config))
  const worker = stack.adopt(await startWorker(services, configuredSources(services)), (w) => w.stop())
  stack.adopt(startHeartbeat(services.db), (heartbeat) => heartbeat.stop())
  services.log.info('worker ready')
  if (process.send) answerParent()
  stopping.addEventListener('abort', () =>
    services.log.info({ signal: stopping.reason }, 'worker stops: it finishes the emails in flight'),
  )
  return worker
})

/** With `--processes`, tells the parent that this worker works and what it measures, and stops when the parent is gone. */
function answerParent(): void {
  process.on('message', async () => process.send?.(await measureProcess()))
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
  process.send?.('ready')
  // The channel must not keep a stopped worker alive.
  process.channel?.unref()
}
