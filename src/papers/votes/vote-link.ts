import { PaperboyError } from '../../lib/errors.ts'
import { type TokenKeys, verifyToken } from '../../mail/tokens.ts'

/** Emails are forwarded and kept, so a link that votes for a reader expires sooner than an unsubscribe link. */
const VOTE_LINK_DAYS = 60

/**
 * Returns the id of the reader whose vote link this is. An email has one token per reader; the path names the paper.
 * @throws PaperboyError TOKEN_UNKNOWN | TOKEN_EXPIRED
 */
export function checkVoteLink({ keys, now }: { keys: TokenKeys; now: () => Date }, token: string): number {
  const { subscriberId, issuedAt } = verifyToken(keys, 'vote', token)
  if (now().getTime() - issuedAt.getTime() > VOTE_LINK_DAYS * 86_400_000) {
    throw new PaperboyError(
      'TOKEN_EXPIRED',
      `This link to vote was good for ${VOTE_LINK_DAYS} days. The newest mail has a fresh one.`,
    )
  }
  return subscriberId
}
