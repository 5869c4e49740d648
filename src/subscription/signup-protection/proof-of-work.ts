import { createHash, createHmac, randomInt } from 'node:crypto'
import { type Challenge, createChallenge, verifySolution } from 'altcha-lib'
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
    parameters: z.looseObject({ data: z.object({ at: z.number() }), nonce: z.string() }),
    signature: z.string(),
  }),
  solution: z.object({ counter: z.number(), derivedKey: z.string() }),
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
export async function verifyProofOfWork(
  { config, now }: Deps,
  text: string | undefined,
): Promise<ProofOfWork | undefined> {
  if (!text) return undefined
  const payload = readPayload(text)
  if (!payload) return undefined
  const { challenge, solution } = payload
  const issuedAt = new Date(challenge.parameters.data.at)
  const age = now().getTime() - issuedAt.getTime()
  if (!(age >= 0 && age <= PROOF_MS)) return undefined
  const { verified } = await verifySolution({
    challenge: challenge as unknown as Challenge,
    solution,
    deriveKey,
    ...secrets(config),
  }).catch(() => ({ verified: false }))
  if (!verified) return undefined
  return { id: createHash('sha256').update(challenge.parameters.nonce).digest('base64url').slice(0, 22), issuedAt }
}

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
