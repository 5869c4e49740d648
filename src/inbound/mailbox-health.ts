import { eq } from 'drizzle-orm'
import { redact } from '../lib/redact.ts'
import { recordFailure } from '../papers/ingest/source-health.ts'
import type { Db } from '../runtime/db/database.ts'
import { sourceHealth } from '../runtime/db/schema.ts'

/** The mailbox's row in `source_health`, while it fails. Sources of papers have no space in their name. */
const MAILBOX = 'inbound mailbox'

/** Records a failed read of INBOUND_IMAP_URL. An outage starts with the first failure. */
export const recordMailboxFailure = (db: Db, at: Date, error: unknown): Promise<void> =>
  recordFailure(db, MAILBOX, at, describeImapError(error))

export async function recordMailboxRead(db: Db): Promise<void> {
  await db.delete(sourceHealth).where(eq(sourceHealth.source, MAILBOX))
}

/** Returns since when the mailbox cannot be read, and why. Undefined while it can be read. */
export async function readMailboxOutage(db: Db): Promise<{ since: Date; failure: string } | undefined> {
  const [found] = await db
    .select({ since: sourceHealth.failingSince, failure: sourceHealth.failure })
    .from(sourceHealth)
    .where(eq(sourceHealth.source, MAILBOX))
  return found?.since ? { since: found.since, failure: found.failure ?? '' } : undefined
}

/** The server's own words, if it answered. */
export function describeImapError(error: unknown): string {
  const { responseText, message } = error as { responseText?: string; message?: string }
  return redact(responseText || message || String(error))
}
