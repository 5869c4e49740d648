import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbeddedPostgres } from './postgres.ts'

/**
 * Starts an empty embedded PostgreSQL with production settings, in a folder of its own. Disposing the stack removes both.
 */
export async function openTemporaryDatabase(stack: AsyncDisposableStack): Promise<{ url: string; folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'paperboy-once-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const postgres = await startEmbeddedPostgres({ dataDir: folder })
  stack.defer(async () => {
    await postgres.stop()
    await postgres.remove()
  })
  return { url: postgres.url, folder }
}
