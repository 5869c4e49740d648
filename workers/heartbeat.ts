import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import type { Db } from '../src/runtime/db/database.ts'

const BEAT_EVERY_MS = 10_000
/** After this long without a beat, the worker hangs or cannot reach its database. */
export const SILENT_MS = 60_000

/** One file per machine or container: a health check asks about its own worker. */
export const heartbeatFile = (): string => join(tmpdir(), 'paperboy-worker')

/** Touches a file while this worker's database answers, for `workers/healthy.ts`. */
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
