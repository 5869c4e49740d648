import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import type { Db } from '../src/runtime/db/database.ts'

const BEAT_EVERY_MS = 10_000
/** Without a beat for so long, this machine's worker hangs, waits, or cannot reach its database. */
export const SILENT_MS = 60_000

/** One for each machine or container: a health check asks about the worker beside it. */
export const heartbeatFile = (): string => join(tmpdir(), 'paperboy-worker')

/** Writes a file as long as this worker gets answers from its database, for `workers/healthy.ts`. */
export function startHeartbeat(db: Db, file: string = heartbeatFile()): { stop(): void } {
  const beat = () =>
    db
      .execute(sql`SELECT 1`)
      .then(() => writeFile(file, String(process.pid)))
      .catch(() => {})
  void beat()
  const beating = setInterval(beat, BEAT_EVERY_MS)
  return { stop: () => clearInterval(beating) }
}
