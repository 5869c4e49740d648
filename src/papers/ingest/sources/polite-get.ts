import { setTimeout as sleep } from 'node:timers/promises'
import { PaperboyError } from '../../../lib/errors.ts'
import type { RateLimit } from './rate-limit.ts'

export interface Politeness {
  userAgent: string
  /** for one try, its body included */
  timeoutMs?: number
  tries?: number
  largestBytes?: number
  accept?: string
  /** statuses that are an answer, beside 2xx and 304 */
  missing?: number[]
  /** for sources that say how often they may be asked */
  rateLimit?: RateLimit
  /** ways to wait, to tell the time and to draw from [0, 1); others only in tests */
  wait?: (ms: number) => Promise<unknown>
  now?: () => Date
  random?: () => number
}

export interface Reply {
  status: number
  headers: Headers
  body: string
}

const FIRST_PAUSE_MS = 1_000
/** A server that asks for a longer pause is asked again at the next scheduled read instead. */
const LONGEST_PAUSE_MS = 60_000
const WORTH_ANOTHER_TRY = new Set([408, 425, 429, 500, 502, 503, 504])

/** An attempt that failed, and whether and when another one makes sense. */
interface Failure {
  what: string
  again: boolean
  pauseMs?: number | undefined
  cause?: unknown
}

/**
 * GET as a good guest: says who asks, waits longer after each failure (or as long as Retry-After says), gives up in time.
 *
 * @returns a 2xx or 304 with its whole body
 * @throws PaperboyError SOURCE_UNAVAILABLE naming the URL and what came back
 */
export async function politeGet(url: string, headers: Record<string, string>, politeness: Politeness): Promise<Reply> {
  const { tries = 3, wait = sleep, random = Math.random } = politeness
  for (let attempt = 1; ; attempt++) {
    await politeness.rateLimit?.acquire()
    const outcome = await attemptGet(url, headers, politeness)
    if (!('what' in outcome)) return outcome
    const pauseMs = outcome.pauseMs ?? FIRST_PAUSE_MS * 2 ** (attempt - 1) * (0.5 + random())
    // Whoever is next in another process is to wait as well.
    if (outcome.pauseMs) await politeness.rateLimit?.pause(outcome.pauseMs)
    if (!outcome.again || attempt >= tries || pauseMs > LONGEST_PAUSE_MS) {
      const patience = attempt > 1 ? ` (${attempt} tries)` : ''
      throw new PaperboyError('SOURCE_UNAVAILABLE', `GET ${url} ${outcome.what}${patience}.`, { cause: outcome.cause })
    }
    await wait(pauseMs)
  }
}

async function attemptGet(
  url: string,
  headers: Record<string, string>,
  politeness: Politeness,
): Promise<Reply | Failure> {
  const { timeoutMs = 20_000, largestBytes = 32 * 1024 * 1024, now = () => new Date() } = politeness
  try {
    const response = await fetch(url, {
      headers: { 'user-agent': politeness.userAgent, accept: politeness.accept ?? 'application/json', ...headers },
      signal: AbortSignal.timeout(timeoutMs),
    })
    const body = await readBody(response, largestBytes)
    if (body === undefined) return { what: `answered with more than ${largestBytes} bytes`, again: false }
    if (response.ok || response.status === 304 || politeness.missing?.includes(response.status))
      return { status: response.status, headers: response.headers, body }
    const pauseMs = retryAfterMs(response.headers.get('retry-after'), now())
    return {
      what:
        `answered ${response.status} ${response.statusText}`.trimEnd() +
        (pauseMs ? `, to be asked again in ${Math.ceil(pauseMs / 1000)} s` : ''),
      again: WORTH_ANOTHER_TRY.has(response.status),
      pauseMs,
    }
  } catch (cause) {
    const timedOut = cause instanceof DOMException && cause.name === 'TimeoutError'
    return {
      what: timedOut ? `gave no whole answer in ${timeoutMs} ms` : `failed: ${rootOf(cause)}`,
      again: true,
      cause,
    }
  }
}

/** The body as text, or undefined once it is too large; counted after decompression, so that a small reply cannot unpack into a huge one. */
async function readBody(response: Response, largestBytes: number): Promise<string | undefined> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > largestBytes) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** Retry-After in its two forms: seconds, or a date. */
function retryAfterMs(value: string | null, now: Date): number | undefined {
  if (!value) return undefined
  const ms = /^\d+$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - now.getTime()
  return Number.isNaN(ms) ? undefined : Math.max(ms, 0)
}

/** fetch says "fetch failed"; why is in its cause. */
function rootOf(error: unknown): string {
  let root = error
  while (root instanceof Error && root.cause instanceof Error) root = root.cause
  return root instanceof Error ? root.message || root.name : String(root)
}
