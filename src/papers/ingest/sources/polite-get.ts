import { isUtf8 } from 'node:buffer'
import { setTimeout as sleep } from 'node:timers/promises'
import { reasonOf } from '../../../lib/connection-error.ts'
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
    const body = decodeText(bytes, response.headers.get('content-type') ?? '')
    if (response.ok || response.status === 304 || politeness.missing?.includes(response.status))
      return { status: response.status, headers: response.headers, body }
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

const BYTE_ORDER_MARKS = { 'utf-16le': [0xff, 0xfe], 'utf-16be': [0xfe, 0xff] }

/**
 * Decodes a text. Valid UTF-8 is UTF-8, since servers often state another encoding for all their files, and no text of another one is
 * valid by chance. The rest follows RFC 7303 § 3: byte order mark, the server's charset, XML declaration.
 */
function decodeText(bytes: Buffer, contentType: string): string {
  if (isUtf8(bytes)) return new TextDecoder().decode(bytes)
  const marked = Object.entries(BYTE_ORDER_MARKS).find(([, mark]) => mark.every((byte, at) => bytes[at] === byte))
  const sent = /;\s*charset\s*=\s*["']?([\w.:-]+)/i.exec(contentType)
  const declared = /^\s*<\?xml\s[^>]*?\sencoding\s*=\s*["']([\w.:-]+)/.exec(bytes.toString('latin1', 0, 200))
  const stated = [marked?.[0], sent?.[1], declared?.[1]].find((name) => name && !/^utf-?8$/i.test(name))
  try {
    return new TextDecoder(stated).decode(bytes)
  } catch {
    // An unknown name: bytes that are not UTF-8 become U+FFFD.
    return new TextDecoder().decode(bytes)
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
  return root instanceof Error ? reasonOf(root) : String(root)
}
