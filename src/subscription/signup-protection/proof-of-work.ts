import { createHash, createHmac, randomInt, timingSafeEqual } from 'node:crypto'
import { type Challenge, createChallenge } from 'altcha-lib'
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2'
import { z } from 'zod'
import { memoize } from '../../lib/memoize.ts'
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
  solution: z.object({ derivedKey: z.string() }),
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

/**
 * Checks the two signatures, as altcha-lib does. It would use WebCrypto: four jobs for threads, which take eight times as long.
 * @returns undefined when the text is no valid proof, not ours or too old; counts.ts finds reused ones
 */
export function verifyProofOfWork({ config, now }: Deps, text: string | undefined): ProofOfWork | undefined {
  if (!text) return undefined
  const payload = readPayload(text)
  if (!payload) return undefined
  const { parameters, signature } = payload.challenge
  const issuedAt = new Date(parameters.data.at)
  const age = now().getTime() - issuedAt.getTime()
  if (!(age >= 0 && age <= PROOF_MS)) return undefined
  const { hmacSignatureSecret, hmacKeySignatureSecret } = secrets(config)
  const isOurs = isSignature(signature, hmacSignatureSecret, JSON.stringify(sorted(parameters)))
  const answer = Buffer.from(payload.solution.derivedKey, 'hex')
  if (!isOurs || !isSignature(parameters.keySignature, hmacKeySignatureSecret, answer)) return undefined
  return { id: createHash('sha256').update(parameters.nonce).digest('base64url').slice(0, 22), issuedAt }
}

/** @param claimed in hexadecimal */
function isSignature(claimed: string, secret: string, content: string | Buffer): boolean {
  const given = Buffer.from(claimed, 'hex')
  const right = createHmac('sha256', secret).update(content).digest()
  return given.length === right.length && timingSafeEqual(given, right)
}

/** ALTCHA signs JSON whose fields are in alphabetical order. */
const sorted = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(
        Object.entries(value)
          .map(([name, item]) => [name, sorted(item)] as const)
          .sort(([a], [b]) => (a < b ? -1 : 1)),
      )
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
    const secret = (name: string) => createHmac('sha256', SECRET_KEY).update(`proof of work ${name}`).digest('hex')
    return { hmacSignatureSecret: secret('challenge'), hmacKeySignatureSecret: secret('answer') }
  },
)
