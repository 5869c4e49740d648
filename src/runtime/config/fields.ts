import { isIPv6 } from 'node:net'
import { domainToASCII } from 'node:url'
import { z } from 'zod'
import { isNetwork, NAMED_NETWORKS } from '../../lib/network.ts'
import { isAscii, parseAddress } from '../../mail/address.ts'
import { type Mailbox, parseMailbox } from '../../mail/mailbox.ts'
import { decodeLogin, ENCODE_LOGIN, isLoginCut } from './url-login.ts'

// The kinds of values that environment variables have.

export const port = (fallback: number) => z.coerce.number().int().min(0).max(65535).default(fallback)
export const count = (fallback: number, max: number) => z.coerce.number().int().min(1).max(max).default(fallback)
export const hours = (fallback: number) => z.coerce.number().positive().max(168).default(fallback)
/** Comma-separated. */
export const list = (fallback = '') =>
  z
    .string()
    .default(fallback)
    .transform((value) =>
      value
        .split(',')
        .map((part) => part.trim())
        .filter(Boolean),
    )
export const secret = z
  .string()
  .refine((value) => Buffer.byteLength(value) >= 32, 'needs at least 32 bytes')
  .refine((value) => !value.includes(','), 'must have no comma, so that it can be listed in SECRET_KEY_PREVIOUS')
export const urlOf = (...schemes: string[]) =>
  z.string().refine((value) => URL.canParse(value) && schemes.includes(new URL(value).protocol), {
    message: `must be a URL starting with ${schemes.map((scheme) => `${scheme}//`).join(' or ')}`,
  })

export const imapUrl = z.string().superRefine((value, context) => {
  try {
    if (!/^imaps?:\/\//i.test(value)) throw new Error('must be a URL starting with imap:// or imaps://')
    if (!URL.canParse(value) || isLoginCut(new URL(value))) throw new Error(ENCODE_LOGIN)
    const { username, password } = new URL(value)
    decodeLogin(username + password)
    hostOf(new URL(value))
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message })
  }
})

/** "Name <name@example.org>" or a bare address. */
export const mailbox = z.string().transform((value, context): Mailbox => {
  try {
    return parseMailbox(value)
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message })
    return z.NEVER
  }
})

/**
 * Returns a domain's A-label, in lower case. Text that has none is returned unchanged, and the next check refuses it. Node's function
 * takes numbers for IP addresses: "163" would become "0.0.0.163".
 */
export const toAsciiDomain = (domain: string): string =>
  isAscii(domain) ? domain.toLowerCase() : domainToASCII(domain) || domain

/** An address without port, or a name. Names of the DNS have no other signs. */
export const isHost = (text: string): boolean => isIPv6(text) || /^[\p{L}\p{M}\p{N}_.-]+$/u.test(text)

/**
 * Returns the host of a URL as the DNS knows it, and an IPv6 address without brackets. For schemes of its own, `URL` writes letters beyond
 * ASCII as %-codes.
 *
 * @throws Error when it has none
 */
export function hostOf({ hostname }: URL): string {
  const host = decoded(hostname.replace(/^\[|\]$/g, ''))
  if (host === undefined || !isHost(host)) throw new Error('names no host')
  return toAsciiDomain(host)
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

export const checkedBy = (problemOf: (value: string) => string | undefined) =>
  z.string().superRefine((value, context) => {
    const message = problemOf(value)
    if (message) context.addIssue({ code: 'custom', message })
  })

/** "gmail.com=20,example.org=0.5": a receiving domain and its messages per second. */
export function domainRates(entries: string[], context: z.RefinementCtx): [string, number][] {
  return entries.map((entry) => {
    const [, domain, rate] = /^([a-z0-9.-]+)=(\d+(?:\.\d+)?)$/i.exec(entry) ?? []
    if (domain === undefined || Number(rate) === 0) {
      context.addIssue({ code: 'custom', message: 'must look like gmail.com=20,example.org=0.5' })
      return ['', 1]
    }
    return [domain.toLowerCase(), Number(rate)]
  })
}

/** Bare addresses. */
export function addresses(entries: string[], context: z.RefinementCtx): string[] {
  try {
    return entries.map((entry) => parseAddress(entry).email)
  } catch {
    context.addIssue({ code: 'custom', message: 'must look like ada@example.org,grace@example.org' })
    return []
  }
}

/** Proxies that may be trusted: no network that is all addresses. */
export const isProxy = (text: string): boolean =>
  Object.hasOwn(NAMED_NETWORKS, text) || (isNetwork(text) && !/\/0+$/.test(text))

export const hostName = z
  .string()
  .transform(toAsciiDomain)
  .pipe(z.string().regex(/^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/i, 'must look like a name in the DNS'))

/** A site's origin, as browsers write it: `https://example.org`, without a path. */
export const origin = z
  .string()
  .refine(
    (value) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol) && new URL(value).origin === value,
    {
      message: 'must be an origin such as https://example.org, without a path',
    },
  )

export const webhookKey = z.string().min(16, 'must be at least 16 characters')
/** User and password in the webhook's URL: Postmark signs nothing, so they are the only proof of origin. */
export const webhookLogin = z
  .string()
  .regex(/^[^:\s]+:\S{16,}$/, 'must look like name:password, the password at least 16 characters')

export const onOff = (fallback: 'on' | 'off') =>
  z
    .enum(['on', 'off'])
    .default(fallback)
    .transform((value) => value === 'on')
