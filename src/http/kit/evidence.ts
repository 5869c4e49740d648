import type { FastifyReply } from 'fastify'
import { z } from 'zod'
import { mintToken, verifyToken } from '../../mail/tokens.ts'
import type { Services } from '../../runtime/services.ts'
import type { Evidence, TooManySignUps } from '../../subscription/signup-protection/screen-sign-up.ts'

/** Characters. A solved challenge has about 700. */
const LONGEST_PROOF = 4_000

/** Fields sent with an address by a form or an API client. Invalid values count as absent. */
const text = z.string().max(LONGEST_PROOF).optional().catch(undefined)
export const evidenceFields = {
  /** proof of work: a solved GET /api/v1/challenge */
  proof: text,
  /** signed time when the form was rendered */
  shown: text,
  /** honeypot: people do not see this field */
  comment: text,
}

export function readEvidence(
  { keys }: Pick<Services, 'keys'>,
  { proof, shown, comment }: z.output<z.ZodObject<typeof evidenceFields>>,
): Evidence {
  return { proof, shownAt: shown ? readFormTimestamp(keys, shown) : undefined, trapped: !!comment }
}

/** Signs the time when a form is rendered. A form that comes back at once was sent by a script. */
export const mintFormTimestamp = ({ keys, now }: Pick<Services, 'keys' | 'now'>): string =>
  mintToken(keys, 'form', 0, now())

function readFormTimestamp(keys: Services['keys'], shown: string): Date | undefined {
  try {
    return verifyToken(keys, 'form', shown).issuedAt
  } catch {
    return undefined
  }
}

/** Answers 429 with a page that says when to try again. */
export const sendTooManySignUps = (reply: FastifyReply, { retryAfterSeconds }: TooManySignUps) =>
  reply
    .code(429)
    .header('retry-after', retryAfterSeconds)
    .view('too-many', { minutes: Math.ceil(retryAfterSeconds / 60) })
