import { PaperboyError } from '../../lib/errors.ts'
import { type TokenKeys, verifyToken } from '../../mail/tokens.ts'

/** Mails are forwarded and kept: a link that votes as somebody ends sooner than one that unsubscribes them. */
const VOTE_LINK_DAYS = 60

/**
 * Whose link to vote this is. A mail carries one token for its reader; which paper is in the link's path.
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
