import { PaperboyError } from '../lib/errors.ts'
import { acceptSubmission, declineSubmission } from '../papers/ingest/submissions.ts'
import type { Services } from '../runtime/services.ts'
import { withAudit } from './audit.ts'

type Deps = Pick<Services, 'db' | 'config' | 'now'>

export interface Decision {
  /** as in AuditEntry */
  actor: string
  verdict: 'accept' | 'decline'
  /** when accepting: the list day, by default today */
  date?: string | undefined
  /** for the reader who suggested it */
  note?: string | undefined
}

/** Puts a suggested paper on a list day, audited. @throws PaperboyError when it waits no more */
export const acceptSuggested = (
  deps: Deps,
  id: string,
  { actor, date, note }: Omit<Decision, 'verdict'>,
): ReturnType<typeof acceptSubmission> =>
  withAudit(deps, { actor, action: 'accepted', target: `paper ${id}` }, (db) =>
    acceptSubmission({ ...deps, db }, id, date, note),
  )

/** Declines a suggested paper, audited. @throws PaperboyError when it waits no more */
export const declineSuggested = (
  deps: Deps,
  id: string,
  { actor, note }: Omit<Decision, 'verdict'>,
): ReturnType<typeof declineSubmission> =>
  withAudit(deps, { actor, action: 'declined', target: `paper ${id}` }, (db) =>
    declineSubmission({ ...deps, db }, id, note),
  )

/**
 * Decides several. `missed` lists those that wait no more, as when another curator was faster: the others still count.
 * @throws PaperboyError BAD_PAPER for a list day far ahead
 */
export async function decideSuggested(
  deps: Deps,
  ids: readonly string[],
  { verdict, ...decision }: Decision,
): Promise<{ decided: string[]; missed: string[] }> {
  const decide = verdict === 'accept' ? acceptSuggested : declineSuggested
  const [decided, missed]: [string[], string[]] = [[], []]
  for (const id of new Set(ids)) {
    try {
      await decide(deps, id, decision)
      decided.push(id)
    } catch (error) {
      if (!(error instanceof PaperboyError && error.code === 'PAPER_NOT_FOUND')) throw error
      missed.push(id)
    }
  }
  return { decided, missed }
}
