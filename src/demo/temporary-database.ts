import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbeddedPostgres } from '../embedded/postgres.ts'

/**
 * An embedded PostgreSQL in a folder of its own, empty and with the settings a real one has; nothing of it is left when the stack is
 * disposed of.
 */
export async function openThrowAwayDatabase(stack: AsyncDisposableStack): Promise<{ url: string; folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'paperboy-once-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const postgres = await startEmbeddedPostgres({ dataDir: folder })
  stack.defer(async () => {
    await postgres.stop()
    await postgres.remove()
  })
  return { url: postgres.url, folder }
}
