import { sql } from 'drizzle-orm'
import type { Db } from '../../src/runtime/db/database.ts'
import type { Accept } from './recording-relay.ts'

export type Policy = 'resend' | 'hold'

/** The effects of a fault, by the relay's record and the ledger. */
export interface Verdict {
  readers: number
  /** counts of the ledger by state; they add up to the readers */
  states: Record<string, number>
  accepts: number
  /** readers who should have it, but are not in the relay's record */
  missing: number
  /** accepted messages beyond a reader's first */
  repeats: number
  /** accepted messages whose reply the relay never sent */
  lostReplies: number
  /** broken promises, as text */
  broken: string[]
}

/**
 * Compares the relay's record with the ledger.
 * @param crashRepeats how many repeats the fault's killed workers may have caused: 2 × connections for each
 */
export async function judge(
  db: Db,
  accepts: readonly Accept[],
  policy: Policy,
  crashRepeats: number,
): Promise<Verdict> {
  const { rows } = await db.execute<{ email: string; state: string }>(
    sql`SELECT s.email, d.state FROM deliveries d JOIN subscribers s ON s.id = d.subscriber_id`,
  )
  const [audience] = (await db.execute<{ n: number }>(sql`SELECT count(*)::int AS n FROM deliveries`)).rows
  const had = new Map<string, Accept[]>()
  for (const accept of accepts) had.set(accept.to, [...(had.get(accept.to) ?? []), accept])
  const states: Record<string, number> = {}
  for (const { state } of rows) states[state] = (states[state] ?? 0) + 1
  const without = rows.filter(
    ({ email, state }) => !had.has(email) && !['refused', 'skipped', 'expired'].includes(state),
  )
  const repeats = accepts.length - had.size
  const lostReplies = accepts.filter(({ replied }) => !replied).length
  const broken: string[] = []
  const must = (holds: boolean, words: string) => {
    if (!holds) broken.push(words)
  }
  must(rows.length === audience!.n, 'states do not add up to the audience')
  must(!Object.keys(states).some((state) => ['queued', 'handed', 'deferred'].includes(state)), 'something is left open')
  must(
    [...had.values()].every((each) => new Set(each.map(({ messageId }) => messageId)).size === 1),
    'a repeat has another Message-ID',
  )
  must(
    rows.every(({ email, state }) => state !== 'accepted' || had.has(email)),
    'the ledger says accepted of what the relay never took',
  )
  must(
    rows.every(({ email, state }) => !had.has(email) || ['accepted', 'unknown'].includes(state)),
    'the relay took what the ledger calls neither accepted nor unknown',
  )
  if (policy === 'resend') {
    must(without.length === 0, `${without.length} missing`)
    must(repeats <= lostReplies + crashRepeats, `${repeats} repeats, at most ${lostReplies + crashRepeats} may be`)
  } else {
    must(repeats === 0, `${repeats} repeats under hold`)
    must(
      without.every(({ state }) => state === 'unknown'),
      'missing and not listed as unknown',
    )
  }
  return {
    readers: rows.length,
    states,
    accepts: accepts.length,
    missing: without.length,
    repeats,
    lostReplies,
    broken,
  }
}
