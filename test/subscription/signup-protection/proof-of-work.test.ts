import { createHmac } from 'node:crypto'
import { type Challenge, type Solution, verifySolution } from 'altcha-lib'
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { verifyProofOfWork } from '../../../src/subscription/signup-protection/proof-of-work.ts'
import { makeProof } from '../../support/proof.ts'

const SECRET_KEY = 'a secret key of thirty-two bytes'
const AT = new Date('2026-11-24T12:00:00Z')
const deps = { config: { SECRET_KEY } as never, now: () => AT }

const decode = (text: string) => JSON.parse(Buffer.from(text, 'base64').toString())
const encode = (payload: unknown) => Buffer.from(JSON.stringify(payload)).toString('base64')
const secret = (name: string) => createHmac('sha256', SECRET_KEY).update(`proof of work ${name}`).digest('hex')

const librarySays = async (payload: { challenge: Challenge; solution: Solution }): Promise<boolean> => {
  const keys = { hmacSignatureSecret: secret('challenge'), hmacKeySignatureSecret: secret('answer') }
  return (await verifySolution({ ...payload, deriveKey, ...keys })).verified
}

describe('our check of a proof of work', () => {
  test('says the same as the library, whatever is changed after signing', async () => {
    const [one, other] = await Promise.all([makeProof(SECRET_KEY, AT), makeProof(SECRET_KEY, AT)])
    const { challenge, solution } = decode(one)
    const foreign = decode(other)
    const paths: string[][] = [
      ['challenge', 'signature'],
      ['challenge', 'parameters', 'added'],
      ...Object.keys(challenge.parameters).map((key) => ['challenge', 'parameters', key]),
      ...Object.keys(solution).map((key) => ['solution', key]),
    ]
    const followed = (payload: unknown, path: string[]) =>
      path.reduce((from, key) => (from as Record<string, unknown> | undefined)?.[key], payload)
    const change = fc.oneof(
      fc.constant((_value: unknown, theirs: unknown) => theirs),
      fc.constant((value: unknown) => (typeof value === 'string' ? value.toUpperCase() : value)),
      fc.oneof(fc.string(), fc.integer()).map((fresh) => () => fresh),
    )
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...paths), change, fc.boolean(), async (path, changed, reversed) => {
        const payload = structuredClone({ challenge, solution })
        const holder = followed(payload, path.slice(0, -1)) as Record<string, unknown>
        const key = path.at(-1)!
        holder[key] = changed(holder[key], followed(foreign, path))
        // The order of keys is not signed.
        if (reversed) {
          payload.challenge.parameters = Object.fromEntries(Object.entries(payload.challenge.parameters).reverse())
        }
        const ours = verifyProofOfWork(deps, encode(payload)) !== undefined
        expect(ours, path.join('.')).toBe(await librarySays(decode(encode(payload))).catch(() => false))
      }),
      { numRuns: 300 },
    )
    expect(await librarySays({ challenge, solution })).toBe(true)
    expect(verifyProofOfWork(deps, one)).toMatchObject({ issuedAt: AT })
  })
})
