import { isDeepStrictEqual } from 'node:util'
import type { z } from 'zod'
import { type Config, SETTINGS } from './config.ts'

/** A setting as an operator may see it. */
export interface ShownSetting {
  name: string
  /** empty when not set; "set, hidden" for a secret */
  value: string
  isDefault: boolean
}

/** Free text without secrets. A new setting of free text is hidden until it is listed here. */
const SHOWN_TEXT: ReadonlySet<string> = new Set([
  ...['PUBLIC_URL', 'MAIL_FROM', 'REPLY_TO', 'BOUNCE_ADDRESS', 'POSTAL_ADDRESS', 'CURATOR_NAME', 'ADMIN_EMAILS'],
  ...['HOST', 'TRUST_PROXY', 'DATA_DIR', 'PAPER_SOURCES', 'ARXIV_CATEGORIES', 'DOMAIN_RATES', 'SES_TOPIC_ARNS'],
  ...['DKIM_DOMAIN', 'DKIM_SELECTOR', 'DKIM_PRIVATE_KEY_FILE'],
])
/** Shown without user, password and options. */
const SERVERS: ReadonlySet<string> = new Set(['DATABASE_URL', 'REDIS_URL', 'SMTP_URL', 'INBOUND_IMAP_URL'])

const HIDDEN = 'set, hidden'

/** Returns every setting in force, in the order of the schema. Numbers and choices are shown; text only if known to be no secret. */
export const describeSettings = (config: Partial<Record<keyof Config, unknown>>): ShownSetting[] =>
  Object.entries(SETTINGS).map(([name, type]) => {
    const value = config[name as keyof Config]
    return { name, value: shown(name, type, value), isDefault: isDeepStrictEqual(value, defaultOf(type)) }
  })

function shown(name: string, type: z.ZodType, value: unknown): string {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return ''
  if (SERVERS.has(name)) return serversOf(String(value))
  const isPlain = typeof value === 'number' || typeof value === 'boolean' || isChoice(type)
  return isPlain || SHOWN_TEXT.has(name) ? asText(value) : HIDDEN
}

/** "smtps://mx.example.org:465, smtp://other.example.org" */
function serversOf(urls: string): string {
  const shown = urls.split(/,\s*(?=[a-z]+:\/\/)/i).map((text) => {
    const url = URL.canParse(text.trim()) ? new URL(text.trim()) : undefined
    return url?.host ? `${url.protocol}//${url.host}` : HIDDEN
  })
  return shown.join(', ')
}

function asText(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'on' : 'off'
  if (Array.isArray(value)) return value.map((each) => (Array.isArray(each) ? each.join('=') : asText(each))).join(', ')
  if (typeof value === 'object' && value !== null) {
    const { name, address } = value as { name?: string; address?: string }
    return name ? `${name} <${address}>` : String(address ?? '')
  }
  // A URL may have a user and password although none was expected.
  return String(value).replace(/\/\/[^/\s]*@/g, '//')
}

const defaultOf = (type: z.ZodType): unknown => type.safeParse(undefined).data

/** Whether the setting is one of a few fixed words. */
function isChoice(type: z.ZodType): boolean {
  const { def } = type as unknown as { def: { type: string; innerType?: z.ZodType; in?: z.ZodType } }
  const inner = def.innerType ?? def.in
  return def.type === 'enum' || (inner !== undefined && isChoice(inner))
}
