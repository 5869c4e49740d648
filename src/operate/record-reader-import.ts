import type { Db } from '../runtime/db/database.ts'
import type { ImportResult } from '../subscription/import.ts'
import { describeChanges } from '../subscription/import-report.ts'
import { recordAudit } from './audit.ts'

/** Records an import of readers in the audit log, unless it changed nothing. */
export async function recordReaderImport(db: Db, at: Date, actor: string, counts: ImportResult): Promise<void> {
  const target = describeChanges(counts)
  if (target) await recordAudit(db, at, { actor, action: 'imported', target })
}
