import { setTimeout as delay } from 'node:timers/promises'
import { type Challenge, solveChallenge } from 'altcha-lib'
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2'

/** The server takes a faster proof for a script's. */
const LEAST_MS = 2_100

/**
 * Does the proof of work that a browser does while its reader types an address (src/http/assets/sign-up.js).
 * @returns the value of the form field `proof`
 */
export async function solveProofOfWork(publicUrl: string): Promise<string> {
  const reply = await fetch(new URL('/api/v1/challenge', publicUrl))
  const challenge = (await reply.json()) as Challenge
  const [solution] = await Promise.all([solveChallenge({ challenge, deriveKey }), delay(LEAST_MS)])
  return Buffer.from(JSON.stringify({ challenge, solution })).toString('base64')
}
