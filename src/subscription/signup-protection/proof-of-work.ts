import { createHash, createHmac, randomInt } from 'node:crypto'
import { type Challenge, createChallenge } from 'altcha-lib'
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2'
import { z } from 'zod'
import { memoize } from '../../lib/memoize.ts'
import { isSameSecret } from '../../lib/same-secret.ts'
import type { Services } from '../../runtime/services.ts'

type Deps = Pick<Services, 'config' | 'now'>

/** PBKDF2 iterations a step, and how many steps a browser tries: a third of a second on a laptop. */
const ITERATIONS = 5_000
const STEPS = { calm: [60, 140], surge: [240, 560] } as const

/** Long enough for a form that stays open over lunch. */
const PROOF_MS = 2 * 3_600_000

/** Challenge and solution, in base64 of JSON as ALTCHA clients encode them. */
const Payload = z.object({
  challenge: z.object({
    parameters: z.looseObject({ data: z.object({ at: z.number() }), nonce: z.string(), keySignature: z.string() }),
    signature: z.string(),
  }),
  solution: z.object({ counter: z.uint32(), derivedKey: z.string().regex(/^(?:[0-9a-f]{2})+$/) }),
})

/** A verified proof: its id, so that it counts once, and when its challenge was issued. */
export interface ProofOfWork {
  id: string
  issuedAt: Date
}

/**
 * Returns an ALTCHA challenge: cheap for one browser, expensive for a script with thousands of sign-ups.
 * It is made with a known answer, so that checking costs one hash.
 * @param options.surge whether there is a surge; the task is then four times as long
 */
export const makeChallenge = ({ config, now }: Deps, options: { surge: boolean }): Promise<Challenge> => {
  const [least, most] = options.surge ? STEPS.surge : STEPS.calm
  return createChallenge({
    algorithm: 'PBKDF2/SHA-256',
    cost: ITERATIONS,
    counter: randomInt(least, most),
    deriveKey,
    data: { at: now().getTime() },
    ...secrets(config),
  })
}

/** @returns undefined when the text is no valid proof, not ours or too old; counts.ts finds reused ones */
export function verifyProofOfWork({ config, now }: Deps, text: string | undefined): ProofOfWork | undefined {
  const payload = text ? readPayload(text) : undefined
  if (!payload || !isSigned(payload, config)) return undefined
  const { data, nonce } = payload.challenge.parameters
  const issuedAt = new Date(data.at)
  const age = now().getTime() - issuedAt.getTime()
  if (!(age >= 0 && age <= PROOF_MS)) return undefined
  return { id: createHash('sha256').update(nonce).digest('base64url').slice(0, 22), issuedAt }
}

/**
 * Returns whether we signed the challenge and its answer, as `verifySolution` of altcha-lib does; a test compares the two. The library
 * signs on Node's thread pool. On two busy cores, these changes of threads took a sixth of the sign-ups.
 */
function isSigned({ challenge, solution }: z.output<typeof Payload>, config: Deps['config']): boolean {
  const { hmacSignatureSecret, hmacKeySignatureSecret } = secrets(config)
  const { parameters, signature } = challenge
  return (
    isSameSecret(signature, hmac(hmacSignatureSecret, JSON.stringify(parameters, sortedKeys))) &&
    isSameSecret(parameters.keySignature, hmac(hmacKeySignatureSecret, Buffer.from(solution.derivedKey, 'hex')))
  )
}

const hmac = (secret: string, data: string | Buffer): string => createHmac('sha256', secret).update(data).digest('hex')

/** Replacer of `JSON.stringify`: ALTCHA signs parameters with their keys sorted. */
const sortedKeys = (_key: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
    : value

function readPayload(text: string): z.output<typeof Payload> | undefined {
  try {
    return Payload.safeParse(JSON.parse(Buffer.from(text, 'base64').toString())).data
  } catch {
    return undefined
  }
}

/** Derives the keys that sign challenges and answers from SECRET_KEY. */
const secrets = memoize(
  ({ SECRET_KEY }: Pick<Deps['config'], 'SECRET_KEY'>) => SECRET_KEY,
  ({ SECRET_KEY }) => {
    const secret = (name: string) => hmac(SECRET_KEY, `proof of work ${name}`)
    return { hmacSignatureSecret: secret('challenge'), hmacKeySignatureSecret: secret('answer') }
  },
)
