import type { Messages } from '../messages/catalogue.ts'

/** A service mail that was marked to be handed over, with what its text needs of its reader. */
export interface ServiceEmail {
  id: number
  kind: 'confirm' | 'remind' | 'welcome' | 'already' | 'manage' | 'change'
  subscriberId: number
  /** where it goes: the reader's address, or the one they want */
  email: string
  zone: string
  cadence: 'daily' | 'weekdays' | 'weekly'
  locale: string
  nextDigestAt: Date | null
  addressHash: Buffer
  /** of the request that `confirm`, `remind` and `change` ask to confirm */
  nonce: Buffer | null
  /** whether they were a reader before */
  returning: boolean
  /** whether the newest edition was planned for them as they confirmed, so that their next digest is not their first */
  begun: boolean
  messageKey: Buffer
}

/** An email with a link to sign in, that was marked to be handed over. */
export interface SignInEmail {
  id: number
  kind: 'sign-in'
  sessionId: number
  email: string
  messageKey: Buffer
}

/** An email to one of ADMIN_EMAILS that something needs a person, marked to be handed over. */
export interface AlertEmail {
  id: number
  kind: 'alert'
  problems: readonly AlertProblem[]
  email: string
  messageKey: Buffer
}

/** One problem, as an email to the operators tells it. */
export interface AlertProblem {
  part: string
  state: 'doubtful' | 'wrong'
  /** ISO 8601; null when it is not known */
  since: string | null
  words: string
  remedy: string
  /** below PUBLIC_URL */
  href: string
}

/** What templates/service.mjml and its twin print. */
export interface EmailContent {
  t: Messages
  subject: string
  heading: string
  lead: string
  /** when the next digest comes, on the reader's own clock; behind the lead, on a line of its own */
  moment: string | undefined
  button: string
  url: string
  after: string[]
  /** further links, by their names */
  links: { label: string; url: string }[]
  why: string
}
