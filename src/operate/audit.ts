import { sql } from 'drizzle-orm'
import type { Db } from '../runtime/db/database.ts'
import { auditLog } from '../runtime/db/schema.ts'
import type { Services } from '../runtime/services.ts'

/** A manual change. */
export interface AuditEntry {
  /** an address of ADMIN_EMAILS, or the user of the command line */
  actor: string
  /** in the past tense: "paused" */
  action: string
  /** "the daily edition of 2026-04-14", "reader 17"; never a reader's address */
  target: string
}

/** As long as bounce reports: a year and a month. */
export const AUDIT_RETENTION_DAYS = 400

export async function recordAudit(db: Db, at: Date, entry: AuditEntry): Promise<void> {
  await db.insert(auditLog).values({ at, ...entry })
}

/** For results that say whether anything changed. */
export const isChanged = ({ changed }: { changed: boolean }): boolean => changed

/**
 * Runs a manual change and records it in the audit log, in one transaction.
 * @param isChange false for a result that changed nothing, which has no entry. By default the result false is such a one
 */
export const withAudit = <T>(
  { db, now }: Pick<Services, 'db' | 'now'>,
  entry: AuditEntry,
  act: (db: Db) => Promise<T>,
  isChange: (result: T) => boolean = (result) => result !== false,
): Promise<T> =>
  db.transaction(async (tx) => {
    const result = await act(tx)
    if (isChange(result)) await recordAudit(tx, now(), entry)
    return result
  })

/** Deletes audit entries and admin sessions older than AUDIT_RETENTION_DAYS. */
export async function deleteOldAuditEntries({ db, now }: Pick<Services, 'db' | 'now'>): Promise<void> {
  const before = sql`${now()}::timestamptz - make_interval(days => ${AUDIT_RETENTION_DAYS})`
  await db.execute(sql`DELETE FROM audit_log WHERE at < ${before}`)
  await db.execute(sql`DELETE FROM admin_sessions WHERE asked_at < ${before}`)
}
