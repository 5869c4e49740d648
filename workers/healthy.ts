import { stat } from 'node:fs/promises'
import { complain } from '../src/lib/terminal.ts'
import { heartbeatFile, SILENT_MS } from './heartbeat.ts'

/** A health check for a container: exit 0 when the worker on this machine has reached its database within a minute. */
const beat = await stat(heartbeatFile()).catch(() => undefined)
if (!beat || Date.now() - beat.mtimeMs > SILENT_MS) {
  complain('No worker here has reached its database within a minute.')
  process.exitCode = 1
}
