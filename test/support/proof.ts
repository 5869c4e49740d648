import { createHmac } from 'node:crypto'
import { createChallenge, solveChallenge } from 'altcha-lib'
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2'

/**
 * Makes a valid proof of work without the work: the challenge is signed like ours, and its answer is the first candidate.
 * @param changed falsifies the payload after signing
 */
export async function makeProof(
  secretKey: string,
  issuedAt: Date,
  changed: (payload: { challenge: object; solution: object }) => object = (payload) => payload,
): Promise<string> {
  const secret = (name: string) => createHmac('sha256', secretKey).update(`proof of work ${name}`).digest('hex')
  const challenge = await createChallenge({
    algorithm: 'PBKDF2/SHA-256',
    cost: 1,
    counter: 0,
    deriveKey,
    data: { at: issuedAt.getTime() },
    hmacSignatureSecret: secret('challenge'),
    hmacKeySignatureSecret: secret('answer'),
  })
  const solution = await solveChallenge({ challenge, deriveKey })
  return Buffer.from(JSON.stringify(changed({ challenge, solution: solution! }))).toString('base64')
}
