import { sql } from 'drizzle-orm'
import { z } from 'zod'
import { PaperboyError } from '../lib/errors.ts'
import type { Db } from '../runtime/db/database.ts'
import { bigint, query } from '../runtime/db/query.ts'
import type { Services } from '../runtime/services.ts'
import { type ImportOptions, importSubscribers, UnrecognizedConsent } from '../subscription/import.ts'
import { mappingsOf, readUpload, readUploadedFile, type UploadResult } from '../subscription/uploaded-imports.ts'
import { recordReaderImport } from './record-reader-import.ts'

/** A worker that reports no progress for this long is dead. Each chunk of 2,000 lines reports. */
const LEASE_MINUTES = 10

type Deps = Pick<Services, 'db' | 'config' | 'now' | 'queues' | 'log'>

/**
 * Does the dry runs and imports that operators asked for in the browser, one after the other. Any number of workers may run it. An
 * import is one transaction, so another worker can repeat one that died.
 *
 * @returns their number
 */
export async function runUploadedImports(deps: Deps): Promise<number> {
  for (let done = 0; ; done++) {
    const claimed = await claim(deps)
    if (!claimed) return done
    await (claimed.state === 'to check' ? check(deps, claimed.id) : runImport(deps, claimed.id))
  }
}

async function claim({ db, now }: Deps) {
  const [claimed] = await query(db, { id: bigint, state: z.enum(['to check', 'to import']) })`
    UPDATE reader_imports SET lease_until = ${leaseFrom(now())} WHERE id = (
      SELECT id FROM reader_imports WHERE state IN ('to check', 'to import') AND (lease_until IS NULL OR lease_until < ${now()})
      ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING id, state`
  return claimed
}

const leaseFrom = (at: Date): Date => new Date(at.getTime() + LEASE_MINUTES * 60_000)

async function check(deps: Deps, id: number): Promise<void> {
  const result = await attempt(deps, id, { dryRun: true })
  await save(deps.db, id, result.counts ? 'checked' : 'failed', result)
}

async function runImport(deps: Deps, id: number): Promise<void> {
  const { now, queues } = deps
  const { options, uploadedBy } = await readUpload(deps, id)
  const actor = options.startedBy ?? uploadedBy
  const result = await attempt(deps, id, {
    dryRun: false,
    // The report, the audit entry and the deleted file commit with the readers.
    async onImported(tx, counts) {
      await save(tx, id, 'done', { counts, columns: [], values: [] })
      await recordReaderImport(tx, now(), actor, counts)
      await tx.execute(sql`UPDATE reader_imports SET file = NULL WHERE id = ${id}`)
    },
  })
  if (!result.counts) return save(deps.db, id, 'failed', result)
  void queues.wake('send-service-emails', {})
}

/** Progress is written outside the import's transaction, so that a page can show it. */
async function attempt(
  deps: Deps,
  id: number,
  how: Pick<ImportOptions, 'dryRun' | 'onImported'>,
): Promise<UploadResult> {
  const { options, uploadedBy } = await readUpload(deps, id)
  const onProgress = async (lines: number) => {
    await deps.db.execute(sql`
      UPDATE reader_imports SET lines_read = ${lines}, lease_until = ${leaseFrom(deps.now())} WHERE id = ${id}`)
  }
  try {
    const file = await readUploadedFile(deps, id)
    const counts = await importSubscribers(deps, file, {
      active: options.active,
      partial: options.partial,
      mappings: mappingsOf(options),
      attestedBy: options.attestedBy || (options.checkedBy ?? uploadedBy),
      onProgress,
      ...how,
    })
    return { counts, columns: [], values: [] }
  } catch (error) {
    if (!(error instanceof PaperboyError)) {
      deps.log.error({ err: error, importId: id }, 'an import failed')
      return {
        problem: 'Something went wrong here. Nothing was imported. The log has the reason.',
        columns: [],
        values: [],
      }
    }
    const { columns, values } = error instanceof UnrecognizedConsent ? error : { columns: [], values: [] }
    return { problem: error.message, columns: [...columns], values: [...values] }
  }
}

async function save(db: Db, id: number, state: 'checked' | 'failed' | 'done', result: UploadResult): Promise<void> {
  await db.execute(sql`
    UPDATE reader_imports SET state = ${state}, result = ${JSON.stringify(result)}::jsonb, lease_until = NULL WHERE id = ${id}`)
}
