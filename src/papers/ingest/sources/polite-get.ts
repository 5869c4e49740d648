import { setTimeout as sleep } from 'node:timers/promises'
import { PaperboyError } from '../../../lib/errors.ts'
import type { RateLimit } from './rate-limit.ts'

export interface Politeness {
  userAgent: string
  /** for one attempt, including its body */
  timeoutMs?: number
  attempts?: number
  largestBytes?: number
  accept?: string
  /** statuses to return as a reply, besides 2xx and 304 */
  missing?: number[]
  /** for sources that limit requests */
  rateLimit?: RateLimit
  /** replaced only in tests */
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
/** After a longer Retry-After, the next scheduled read asks again. */
const LONGEST_PAUSE_MS = 60_000
const RETRYABLE = new Set([408, 425, 429, 500, 502, 503, 504])

/** A failed attempt, and whether and when to retry. */
interface Failure {
  what: string
  retryable: boolean
  pauseMs?: number | undefined
  cause?: unknown
}

/**
 * Sends a GET with a User-Agent, exponential back-off or Retry-After, and a limited number of attempts.
 *
 * @returns a 2xx or 304 reply with its whole body
 * @throws PaperboyError SOURCE_UNAVAILABLE naming the URL and the failure
 */
export async function politeGet(url: string, headers: Record<string, string>, politeness: Politeness): Promise<Reply> {
  const { attempts = 3, wait = sleep, random = Math.random } = politeness
  for (let attempt = 1; ; attempt++) {
    await politeness.rateLimit?.acquire()
    const outcome = await attemptGet(url, headers, politeness)
    if (!('what' in outcome)) return outcome
    const pauseMs = outcome.pauseMs ?? FIRST_PAUSE_MS * 2 ** (attempt - 1) * (0.5 + random())
    // Other processes must wait as well.
    if (outcome.pauseMs) await politeness.rateLimit?.pause(outcome.pauseMs)
    if (!outcome.retryable || attempt >= attempts || pauseMs > LONGEST_PAUSE_MS) {
      const count = attempt > 1 ? ` (${attempt} attempts)` : ''
      throw new PaperboyError('SOURCE_UNAVAILABLE', `GET ${url} ${outcome.what}${count}.`, { cause: outcome.cause })
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
    const bytes = await readBody(response, largestBytes)
    if (bytes === undefined) return { what: `answered with more than ${largestBytes} bytes`, retryable: false }
    if (response.ok || response.status === 304 || politeness.missing?.includes(response.status))
      return { status: response.status, headers: response.headers, body: decodeBody(bytes, response.headers) }
    const pauseMs = retryAfterMs(response.headers.get('retry-after'), now())
    return {
      what:
        `answered ${response.status} ${response.statusText}`.trimEnd() +
        (pauseMs ? `, retry after ${Math.ceil(pauseMs / 1000)} s` : ''),
      retryable: RETRYABLE.has(response.status),
      pauseMs,
    }
  } catch (cause) {
    const timedOut = cause instanceof DOMException && cause.name === 'TimeoutError'
    return {
      what: timedOut ? `did not finish in ${timeoutMs} ms` : `failed: ${rootOf(cause)}`,
      retryable: true,
      cause,
    }
  }
}

/** Reads the body, or returns undefined when it is too large. Counts after decompression, to stop decompression bombs. */
export async function readBody(response: Response, largestBytes: number): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > largestBytes) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/**
 * Decodes a text. Valid UTF-8 is UTF-8, whatever it says of itself. Other texts name their encoding in a byte order mark, the content
 * type or an XML declaration, as feeds of old journals do.
 */
function decodeBody(bytes: Buffer, headers: Headers): string {
  const [, charset] = /;\s*charset="?([\w.:-]+)/i.exec(headers.get('content-type') ?? '') ?? []
  const [, declared] = /^\s*<\?xml[^>]*\sencoding=["']([\w.:-]+)/.exec(bytes.toString('latin1', 0, 200)) ?? []
  const marked = { fffe: 'utf-16le', feff: 'utf-16be' }[bytes.toString('hex', 0, 2)]
  return (
    tryToDecode(bytes, 'utf-8', true) ??
    tryToDecode(bytes, marked ?? charset ?? declared ?? 'utf-8') ??
    bytes.toString()
  )
}

/** Returns undefined for an unknown encoding, and with `fatal` for bytes that it does not have. */
function tryToDecode(bytes: Buffer, encoding: string, fatal = false): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal }).decode(bytes)
  } catch {
    return undefined
  }
}

/** Parses Retry-After: seconds or a date (RFC 9110, section 10.2.3). */
function retryAfterMs(value: string | null, now: Date): number | undefined {
  if (!value) return undefined
  const ms = /^\d+$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - now.getTime()
  return Number.isNaN(ms) ? undefined : Math.max(ms, 0)
}

/** fetch throws "fetch failed"; its cause has the reason. */
export function rootOf(error: unknown): string {
  let root = error
  while (root instanceof Error && root.cause instanceof Error) root = root.cause
  return root instanceof Error ? root.message || root.name : String(root)
}
