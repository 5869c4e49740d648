import type { Messages } from '../messages/catalogue.ts'

/** A service email that a worker has claimed, with the data its text needs. */
export interface ServiceEmail {
  id: number
  kind: 'confirm' | 'remind' | 'welcome' | 'already' | 'manage' | 'change' | 'moved'
  subscriberId: number
  /** the recipient: the reader's address, for `change` the new one, for `moved` the old one */
  email: string
  zone: string
  hour: number
  cadence: 'daily' | 'weekdays' | 'weekly'
  locale: string
  nextDigestAt: Date | null
  addressHash: Buffer
  /** nonce of the request that `confirm`, `remind` and `change` ask to confirm */
  nonce: Buffer | null
  /** whether the reader subscribed before */
  returning: boolean
  /** whether the newest edition was queued on confirmation, so that the next digest is not the first */
  begun: boolean
  messageKey: Buffer
}

/** A sign-in email that a worker has claimed. */
export interface SignInEmail {
  id: number
  kind: 'sign-in'
  sessionId: number
  email: string
  messageKey: Buffer
}

/** An alert to one of ADMIN_EMAILS that a worker has claimed. */
export interface AlertEmail {
  id: number
  kind: 'alert'
  problems: readonly AlertProblem[]
  email: string
  messageKey: Buffer
}

/** One problem in an alert email. */
export interface AlertProblem {
  part: string
  state: 'warning' | 'error'
  /** ISO 8601; null when unknown */
  since: string | null
  message: string
  remedy: string
  /** below PUBLIC_URL */
  href: string
}

/** The values that templates/service.mjml and service.txt print. */
export interface EmailContent {
  t: Messages
  subject: string
  heading: string
  lead: string
  /** when the next digest comes, in the reader's time zone; on a line of its own after the lead */
  moment: string | undefined
  button: string
  url: string
  after: string[]
  /** further links, each with its label */
  links: { label: string; url: string }[]
  why: string
  /** the link to unsubscribe, in emails to readers with a subscription; at the foot */
  unsubscribe: { label: string; url: string } | undefined
}
