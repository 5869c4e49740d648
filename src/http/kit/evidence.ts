import type { FastifyReply } from 'fastify'
import { z } from 'zod'
import { mintToken, verifyToken } from '../../mail/tokens.ts'
import type { Services } from '../../runtime/services.ts'
import type { Evidence, TooManySignUps } from '../../subscription/signup-protection/admit.ts'

/** A solved challenge is some 700 characters. */
const LONGEST_PROOF = 4_000

/** What comes with an address, from a form or a program. Whatever cannot be what it should be counts as not given. */
const text = z.string().max(LONGEST_PROOF).optional().catch(undefined)
export const evidenceFields = {
  /** work that the browser has done: GET /api/v1/challenge, solved */
  proof: text,
  /** when the form was made */
  shown: text,
  /** people do not see this field */
  comment: text,
}

export function readEvidence(
  { keys }: Pick<Services, 'keys'>,
  { proof, shown, comment }: z.output<z.ZodObject<typeof evidenceFields>>,
): Evidence {
  return { proof, shownAt: shown ? readShown(keys, shown) : undefined, trapped: !!comment }
}

/** The moment a form is made, so that what comes back in no time is known for a script's. */
export const mintFormTimestamp = ({ keys, now }: Pick<Services, 'keys' | 'now'>): string =>
  mintToken(keys, 'form', 0, now())

function readShown(keys: Services['keys'], shown: string): Date | undefined {
  try {
    return verifyToken(keys, 'form', shown).issuedAt
  } catch {
    return undefined
  }
}

/** What a page says to whom it does not let in yet. */
export const sendTooManySignUps = (reply: FastifyReply, { retryAfterSeconds }: TooManySignUps) =>
  reply
    .code(429)
    .header('retry-after', retryAfterSeconds)
    .view('too-many', { minutes: Math.ceil(retryAfterSeconds / 60) })
