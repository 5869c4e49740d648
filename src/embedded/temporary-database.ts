import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cleanUpOnSignal } from './clean-up-on-signal.ts'
import { startEmbeddedPostgres } from './postgres.ts'

/**
 * Starts an empty embedded PostgreSQL with production settings, in a folder of its own. Disposing the stack removes both,
 * and so does a signal.
 */
export async function openTemporaryDatabase(stack: AsyncDisposableStack): Promise<{ url: string; folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'paperboy-once-'))
  const own = stack.use(new AsyncDisposableStack())
  stack.use(cleanUpOnSignal(() => own.disposeAsync()))
  own.defer(() => rm(folder, { recursive: true, force: true }))
  const postgres = await startEmbeddedPostgres({ dataDir: folder })
  own.defer(async () => {
    await postgres.stop()
    await postgres.remove()
  })
  return { url: postgres.url, folder }
}
