import { sql } from 'drizzle-orm'
import type { Tally } from '../../relay/send-emails.ts'
import { prepared } from '../../runtime/db/prepared.ts'
import { number, query } from '../../runtime/db/query.ts'
import type { Services } from '../../runtime/services.ts'
import type { Lease } from '../ledger/batches.ts'
import { SENDABLE_EDITION } from '../ledger/conditions.ts'

/** Fewest replies for which a share is meaningful. */
const ANSWERS_THAT_COUNT = 100

/** Returns whether too many deliveries are refused to continue: a bad list, or a relay that refuses all. */
export function isBudgetSpent(answered: number, refused: number, percent: number): boolean {
  return answered >= ANSWERS_THAT_COUNT && (refused / answered) * 100 > percent
}

/**
 * Adds a batch's replies to its edition, and pauses the edition when its budget is spent. Returns the reason if it did. Replies of a
 * release that was recalled since count for no other release.
 */
export async function spendErrorBudget(
  { db, config }: Pick<Services, 'db' | 'config'>,
  { editionId, releasedAt, ...lease }: Lease,
  { accepted, refused }: Tally,
): Promise<string | undefined> {
  // A budget that was lowered since may be spent before a batch begins. Unless its edition is paused, the batch is leased for ever.
  const wasSpent = isBudgetSpent(lease.answered, lease.refused, config.ERROR_BUDGET_PERCENT)
  if (accepted + refused === 0 && !wasSpent) return undefined
  const statement = sql`
    UPDATE editions SET answered = answered + ${accepted + refused}, refused = refused + ${refused}
    WHERE id = ${editionId} AND released_at = ${releasedAt}::timestamptz
    RETURNING answered, refused`
  const [sum] = await query(db, { answered: number, refused: number }, prepared(statement))
  if (!sum || !isBudgetSpent(sum.answered, sum.refused, config.ERROR_BUDGET_PERCENT)) return undefined
  const share = Math.round((sum.refused / sum.answered) * 100)
  const why = `${sum.refused} of ${sum.answered} emails were refused (${share} %, ERROR_BUDGET_PERCENT is ${config.ERROR_BUDGET_PERCENT})`
  const { rowCount } = await db.execute(sql`
    UPDATE editions e SET state = 'paused', paused_why = ${why} WHERE e.id = ${editionId} AND ${SENDABLE_EDITION}`)
  return rowCount === 1 ? why : undefined
}
