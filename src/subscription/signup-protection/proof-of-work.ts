import { createHash, createHmac, randomInt } from 'node:crypto'
import { type Challenge, createChallenge, verifySolution } from 'altcha-lib'
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2'
import { z } from 'zod'
import type { Services } from '../../runtime/services.ts'

type Deps = Pick<Services, 'config' | 'now'>

/** Iterations of PBKDF2 a step, and how many steps a browser has to try: a third of a second of a laptop while the reader types. */
const ITERATIONS = 5_000
const STEPS = { calm: [60, 140], surge: [240, 560] } as const

/** Long enough for a form that stays open over a lunch. */
const GOOD_FOR_MS = 2 * 3_600_000

/** What the browser was asked, and how it answered; as ALTCHA's clients encode it, in base64 of JSON. */
const Payload = z.object({
  challenge: z.object({
    parameters: z.looseObject({ data: z.object({ at: z.number() }), nonce: z.string() }),
    signature: z.string(),
  }),
  solution: z.object({ counter: z.number(), derivedKey: z.string() }),
})

/** A proof that was really made: which one, so that it counts once, and when its challenge was given out. */
export interface ProofOfWork {
  id: string
  issuedAt: Date
}

/**
 * A task that costs a browser a moment and a script that signs up thousands a lot (ALTCHA's proof of work, made with a known
 * answer, so that checking it costs us a hash).
 * @param options.surge whether sign-ups come in a surge just now: the task is then four times as long
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

/** @returns undefined for what is no proof, none of ours, or too old; whether it is spent is for the counts to say */
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
  if (!(age >= 0 && age <= GOOD_FOR_MS)) return undefined
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

/** The keys under which challenges and their answers are signed, made from SECRET_KEY. */
const secrets = ({ SECRET_KEY }: Pick<Deps['config'], 'SECRET_KEY'>) => {
  const secret = (name: string) => createHmac('sha256', SECRET_KEY).update(`proof of work ${name}`).digest('hex')
  return { hmacSignatureSecret: secret('challenge'), hmacKeySignatureSecret: secret('answer') }
}
