import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { hostOf } from './fields.ts'
import { decodeLogin, ENCODE_LOGIN, isLoginCut } from './url-login.ts'

/** How to use one relay, parsed from its URL in SMTP_URL. */
export interface RelaySettings {
  /** for logs, the ledger and `paperboy status` */
  name: string
  host: string
  port: number | undefined
  /** TLS from the first byte (smtps://); otherwise STARTTLS where the relay offers it */
  secure: boolean
  /** send nothing without TLS */
  requireTLS: boolean
  /** the name its certificate must have, and its authority if that is not public. Certificates are always checked. */
  tls: { servername?: string; ca?: string }
  /** our name in EHLO */
  ehlo: string | undefined
  auth: { user: string; pass: string; method?: string } | undefined
  connections: number
  messagesPerConnection: number
  ratePerSecond: number | undefined
  /** its share among the relays that have a weight; undefined: relays are used in list order */
  weight: number | undefined
  warmup: Warmup | undefined
}

/** A new sender's warm-up: messages on the first day (UTC), the second, and so on. After the last day there is no limit. */
export interface Warmup {
  from: string
  perDay: number[]
}

const amount = z.coerce.number().positive()
const whole = z.coerce.number().int().min(1)

const Options = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9._-]{1,40}$/i, 'must be letters, digits, dots and dashes')
    .optional(),
  connections: whole.max(200).optional(),
  messages: whole.optional(),
  rate: amount.optional(),
  weight: amount.optional(),
  requireTLS: z.enum(['true', 'false']).optional(),
  servername: z.string().optional(),
  ca: z.string().optional(),
  ehlo: z.string().optional(),
  auth: z.enum(['PLAIN', 'LOGIN', 'CRAM-MD5']).optional(),
  warmup: z
    .string()
    .regex(/^\d{4}-\d{2}-\d{2}:\d+(,\d+)*$/, 'must look like 2026-12-01:500,1000,2000')
    .transform((text): Warmup => ({ from: text.slice(0, 10), perDay: text.slice(11).split(',').map(Number) }))
    .optional(),
})

/** Servers close long sessions at any moment. Ending ours earlier costs nothing. */
const MESSAGES_PER_CONNECTION = 500

/**
 * Parses SMTP_URL: one or more relays, comma-separated, in order of preference. Relays with `weight` share the messages.
 *
 * @param connections default for relays that set none
 * @throws Error that names the wrong option, and never a password
 */
export function parseRelays(urls: string, connections: number): RelaySettings[] {
  const relays = urls.split(/,\s*(?=smtps?:)/i).map((url) => parseRelay(url.trim(), connections))
  const names = new Set(relays.map((relay) => relay.name))
  if (names.size < relays.length) throw new Error('has two relays with the same name: add a different ?name= to each')
  return relays
}

/** Returns the problem of an SMTP_URL, or undefined. */
export function relayProblem(urls: string): string | undefined {
  try {
    parseRelays(urls, 1)
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

function parseRelay(text: string, connections: number): RelaySettings {
  if (!/^smtps?:\/\/./i.test(text))
    throw new Error('must be a URL starting with smtp:// or smtps://, or several separated by commas')
  const url = URL.canParse(text) ? new URL(text) : undefined
  // What follows a slash in the password would be taken for a path.
  if (!url || url.hostname === '' || url.pathname.length > 1 || url.hash || isLoginCut(url))
    throw new Error(ENCODE_LOGIN)
  const parsed = Options.safeParse(Object.fromEntries(url.searchParams))
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new Error(`option ${issue!.path.join('.')} ${issue!.message}`.replace('option  ', 'option: '))
  }
  const options = parsed.data
  const host = hostOf(url)
  const secure = url.protocol === 'smtps:'
  const auth = url.username ? { user: decodeLogin(url.username), pass: decodeLogin(url.password) } : undefined
  return {
    name: options.name ?? (url.port ? `${host}:${url.port}` : host),
    host,
    port: url.port ? Number(url.port) : undefined,
    secure,
    // A password never crosses the network unencrypted, unless the operator sets requireTLS=false.
    requireTLS: options.requireTLS ? options.requireTLS === 'true' : auth !== undefined && !secure && !isLoopback(host),
    tls: {
      ...(options.servername ? { servername: options.servername } : {}),
      ...(options.ca ? { ca: readAuthority(options.ca) } : {}),
    },
    ehlo: options.ehlo,
    auth: auth && { ...auth, ...(options.auth ? { method: options.auth } : {}) },
    connections: options.connections ?? connections,
    messagesPerConnection: options.messages ?? MESSAGES_PER_CONNECTION,
    ratePerSecond: options.rate,
    weight: options.weight,
    warmup: options.warmup,
  }
}

const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || /^127\./.test(host)

function readAuthority(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new Error(`option ca: cannot read ${path}`, { cause: error })
  }
}
