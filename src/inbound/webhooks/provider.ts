import type { Config } from '../../runtime/config/config.ts'
import type { Finding } from '../finding.ts'

/** What a provider tells of one mail, read from one of its events. */
export interface ProviderEvent {
  /** the same in every delivery of the event */
  id: string
  finding: Finding
  /** where our own token may have travelled: the envelope sender, or what we gave along with the mail */
  tokens: readonly string[]
  messageIds: readonly string[]
}

/** A request as it came in; the signature is over exactly these bytes. */
export interface WebhookRequest {
  headers: Readonly<Record<string, string | string[] | undefined>>
  body: Buffer
}

/** Nothing is believed and nothing said of why: `forged` covers a wrong signature, a stale one and a body that makes no sense. */
export type Verified = { events: ProviderEvent[] } | 'forged' | 'not configured'

export interface WebhookDeps {
  config: Config
  now: () => Date
  /** GET of a text, without redirects; only ever called with an address that was checked */
  get: (url: URL) => Promise<string>
}

export type Provider = (deps: WebhookDeps, request: WebhookRequest) => Verified | Promise<Verified>

/** A signed request older or newer than this is a replay, or a clock that is wrong. */
const FRESH_SECONDS = 5 * 60

/** @param seconds Unix time as the request states it, under its signature */
export const isFresh = (now: Date, seconds: string | number | undefined): boolean =>
  Math.abs(now.getTime() / 1000 - Number(seconds ?? Number.NaN)) <= FRESH_SECONDS

export const header = ({ headers }: WebhookRequest, name: string): string => {
  const value = headers[name]
  return (Array.isArray(value) ? value[0] : value) ?? ''
}

/** @returns undefined for what is no JSON */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A finding from a provider's own words for it. */
export const finding = (
  recipient: string | undefined,
  kind: Finding['class'],
  reason: string,
  more: Partial<Finding> = {},
): Finding => ({
  recipient: recipient?.toLowerCase(),
  class: kind,
  reason,
  delayed: false,
  status: undefined,
  reply: undefined,
  said: '',
  ...more,
})
