import type { Config } from '../../runtime/config/config.ts'
import type { Finding } from '../finding.ts'

/** One event of a provider about one email. */
export interface ProviderEvent {
  /** identical in every delivery of the event */
  id: string
  finding: Finding
  /** possible places of our token: the envelope sender, or metadata we sent */
  tokens: readonly string[]
  messageIds: readonly string[]
}

/** A request with its raw body: the signature covers exactly these bytes. */
export interface WebhookRequest {
  headers: Readonly<Record<string, string | string[] | undefined>>
  body: Buffer
}

/**
 * The result never says why a request failed: `forged` covers a wrong signature, a stale one and an unreadable body.
 */
type Verified = { events: ProviderEvent[] } | 'forged' | 'not configured'

export interface WebhookDeps {
  config: Config
  now: () => Date
  /** Fetches a text by GET, without redirects. Callers pass only checked addresses. */
  get: (url: URL) => Promise<string>
}

export type Provider = (deps: WebhookDeps, request: WebhookRequest) => Verified | Promise<Verified>

/** For a provider that signs each attempt anew. Outside this range a request is a replay, or a clock is wrong. */
export const MINUTES_OF_ATTEMPT = 5
/** For a provider whose events may wait before they come, or come again, under their first signature. Each counts once, however often it comes. */
export const MINUTES_OF_EVENT = 24 * 60

/** @param seconds signed Unix time of the request */
export const isFresh = (now: Date, seconds: string | number | undefined, minutes: number): boolean =>
  Math.abs(now.getTime() / 1000 - Number(seconds ?? Number.NaN)) <= minutes * 60

export const header = ({ headers }: WebhookRequest, name: string): string => {
  const value = headers[name]
  return (Array.isArray(value) ? value[0] : value) ?? ''
}

/** Parses JSON without its nulls: providers write one where they know nothing. @returns undefined when the text is not JSON */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text, (_name, value) => value ?? undefined)
  } catch {
    return undefined
  }
}

/** Builds a finding from a provider's event. */
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
  diagnostic: '',
  ...more,
})
