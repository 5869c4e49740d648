import { eq } from 'drizzle-orm'
import { reasonOf } from '../lib/connection-error.ts'
import { redact } from '../lib/redact.ts'
import { recordFailure } from '../papers/ingest/source-health.ts'
import type { Db } from '../runtime/db/database.ts'
import { sourceHealth } from '../runtime/db/schema.ts'

/** What takes in emails by itself: the mailbox at INBOUND_IMAP_URL, the listener on INBOUND_SMTP_PORT. */
export type Intake = 'mailbox' | 'listener'

/** Its row in `source_health`, while it fails. Sources of papers have no space in their name. */
const rowOf = (intake: Intake): string => `inbound ${intake}`

/** Records a failure. An outage starts with the first one. */
export const recordIntakeFailure = (db: Db, intake: Intake, at: Date, failure: string): Promise<void> =>
  recordFailure(db, rowOf(intake), at, failure)

export async function recordIntakeWorks(db: Db, intake: Intake): Promise<void> {
  await db.delete(sourceHealth).where(eq(sourceHealth.source, rowOf(intake)))
}

/** Returns since when it fails, and why. Undefined while it works. */
export async function readIntakeOutage(db: Db, intake: Intake): Promise<{ since: Date; failure: string } | undefined> {
  const [found] = await db
    .select({ since: sourceHealth.failingSince, failure: sourceHealth.failure })
    .from(sourceHealth)
    .where(eq(sourceHealth.source, rowOf(intake)))
  return found?.since ? { since: found.since, failure: found.failure ?? '' } : undefined
}

/** The server's own words, if it answered. */
export function describeImapError(error: unknown): string {
  const { responseText } = error as { responseText?: string }
  return redact(responseText || (error instanceof Error ? reasonOf(error) : String(error)))
}
