import { desc, sql } from 'drizzle-orm'
import type { Db } from '../runtime/db/database.ts'
import { auditLog } from '../runtime/db/schema.ts'
import type { Services } from '../runtime/services.ts'

/** Something that was done by hand. */
export interface AuditEntry {
  /** an address of ADMIN_EMAILS, or whose command line */
  who: string
  /** in the past tense: "paused" */
  what: string
  /** "the daily edition of 2026-04-14", "reader 17"; never a reader's address */
  about: string
}

const SHOWN = 200
/** As long as reports of bounces: long enough to look back at a year. */
export const AUDIT_RETENTION_DAYS = 400

export async function recordAudit(db: Db, at: Date, entry: AuditEntry): Promise<void> {
  await db.insert(auditLog).values({ at, ...entry })
}

/** Does something by hand and writes down who did: both, or neither. */
export const withAudit = <T>(
  { db, now }: Pick<Services, 'db' | 'now'>,
  entry: AuditEntry,
  act: (db: Db) => Promise<T>,
): Promise<T> =>
  db.transaction(async (tx) => {
    const result = await act(tx)
    await recordAudit(tx, now(), entry)
    return result
  })

/** What was done last, newest first. */
export const listAuditEntries = ({ db }: Pick<Services, 'db'>): Promise<(AuditEntry & { at: Date })[]> =>
  db
    .select({ at: auditLog.at, who: auditLog.who, what: auditLog.what, about: auditLog.about })
    .from(auditLog)
    .orderBy(desc(auditLog.id))
    .limit(SHOWN)

/** Forgets what is older than its time, and sign-ins with it. */
export async function deleteOldAuditEntries({ db, now }: Pick<Services, 'db' | 'now'>): Promise<void> {
  const before = sql`${now()}::timestamptz - make_interval(days => ${AUDIT_RETENTION_DAYS})`
  await db.execute(sql`DELETE FROM audit_log WHERE at < ${before}`)
  await db.execute(sql`DELETE FROM admin_sessions WHERE asked_at < ${before}`)
}
