import { execFile } from 'node:child_process'
import { sign as cryptoSign, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setImmediate } from 'node:timers/promises'
import { promisify } from 'node:util'
import { preview } from '../../src/delivery/preview/preview.ts'
import { openDkim } from '../../src/relay/dkim.ts'
import { inRounds, spread } from './support/rounds.ts'
import { openStage } from './support/stage.ts'
import { printTable } from './support/table.ts'

const ROUNDS = 5
const SECONDS = 3
/** As many as one worker has in flight with 10 connections. */
const AT_ONCE = 20
/** About the length of the header fields that a signature covers. */
const SIGNED_BYTES = 800
const CORES = availableParallelism()

const signOnThreadPool = promisify<string, Buffer, KeyObject, Buffer>(cryptoSign)

interface Signed {
  perSecond: number
  standstillMs: number
}

/**
 * Measures signing digests with DKIM, beside `openssl speed` on all cores: how many a second, and how long the event loop stands still.
 * `openssl speed` only signs; a DKIM signature also hashes the message and reads its header.
 */
export async function bench(_args: string[], stack: AsyncDisposableStack): Promise<void> {
  const stage = await openStage(stack)
  const { eml } = await preview(stage.services, { kind: 'daily', date: stage.edition.date })
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const ed25519 = generateKeyPairSync('ed25519').privateKey
  const files = await Promise.all(
    Object.entries({ rsa, ed25519 }).map(async ([name, key]) => {
      const file = join(stage.folder, `${name}.pem`)
      await writeFile(file, key.export({ type: 'pkcs8', format: 'pem' }))
      return file
    }),
  )
  const signer = async (keys: string[]) =>
    (await openDkim({ DKIM_DOMAIN: 'paperboy.example', DKIM_SELECTOR: keys, DKIM_PRIVATE_KEY_FILE: keys }))!
  const [byRsa, byEd25519, byBoth] = await Promise.all([signer([files[0]!]), signer([files[1]!]), signer(files)])
  const message = { bytes: eml }
  const data = eml.subarray(0, SIGNED_BYTES)
  const measures = await inRounds<Signed>(ROUNDS, {
    'openssl speed, RSA-2048': opensslSpeed,
    'signatures alone on the thread pool, RSA-2048': () => signFor(() => signOnThreadPool('sha256', data, rsa)),
    'digests signed by RSA-2048': () => signFor(() => byRsa(message, new Date())),
    'digests signed by RSA-2048 and Ed25519': () => signFor(() => byBoth(message, new Date())),
    'digests signed by Ed25519': () => signFor(() => byEd25519(message, new Date())),
  })
  const base = measures['openssl speed, RSA-2048']!
  printTable([
    [
      `${eml.length.toLocaleString('en')} bytes, ${CORES} cores`,
      'a second',
      'of openssl speed',
      'longest standstill, ms',
    ],
    ...Object.entries(measures).map(([name, rounds]) => {
      const ratio = spread(rounds.map(({ perSecond }, round) => perSecond / base[round]!.perSecond))
      return [
        name,
        spread(rounds.map(({ perSecond }) => perSecond)).median.toFixed(0),
        `${ratio.median.toFixed(2)} (${ratio.least.toFixed(2)}–${ratio.most.toFixed(2)})`,
        spread(rounds.map(({ standstillMs }) => standstillMs)).median.toFixed(0),
      ]
    }),
  ])
  console.log(`Median of ${ROUNDS} alternating rounds of ${SECONDS} s. Aim for RSA-2048: .90 of openssl speed.`)
}

/** Signs as often as it can for some seconds, `AT_ONCE` at once. */
async function signFor(sign: () => Promise<unknown>): Promise<Signed> {
  const delays = monitorEventLoopDelay({ resolution: 1 })
  delays.enable()
  const began = performance.now()
  const end = began + SECONDS * 1000
  let signed = 0
  const signInTurn = async () => {
    for (; performance.now() < end; signed++) {
      await sign()
      // As sending does, so that the event loop turns.
      await setImmediate()
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, signInTurn))
  const perSecond = (signed / (performance.now() - began)) * 1000
  delays.disable()
  return { perSecond, standstillMs: delays.max / 1e6 }
}

/** Returns what `openssl speed` reaches on all cores. */
async function opensslSpeed(): Promise<Signed> {
  const args = ['speed', '-mr', '-seconds', `${SECONDS}`, '-multi', `${CORES}`, 'rsa2048']
  const { stdout } = await promisify(execFile)('openssl', args)
  // +F2:NUMBER:BITS:SIGNATURES A SECOND:VERIFICATIONS A SECOND
  const perSecond = Number(/^\+F2:\d+:2048:([\d.]+):/m.exec(stdout)?.[1])
  if (!perSecond) throw new Error(`openssl speed printed no result: ${stdout}`)
  return { perSecond, standstillMs: 0 }
}
