import { minuteUtc } from '../../calendar/words.ts'
import type { EditionKey } from '../../edition/draft/control.ts'
import type { Services } from '../../runtime/services.ts'

/** Names of problems that need a person. The metric's label and the documented alert rules use them. */
export const ATTENTION_NAMES = [
  'edition_paused',
  'edition_held',
  'edition_missing',
  'mailing_halted',
  'work_overdue',
  'worker_missing',
  'relay_refuses',
  'domain_slowed',
  'source_stale',
  'deliveries_unknown',
  'deliveries_expired',
  'sender_bounced',
  'inbound_unread',
  'bounce_address_missing',
  'wrong_key',
  'untrusted_proxy',
  'template_broken',
  'webhook_disabled',
  'restore_marker_unwritable',
] as const
export type AttentionName = (typeof ATTENTION_NAMES)[number]

/** A problem that needs a person. */
export interface Attention {
  name: AttentionName
  /** the edition, source or relay; empty if there is only one */
  about: string
  /** the part of the service, as `doctor` names it */
  part: string
  /** wrong: email is lost, repeated, refused or stopped · doubtful: a warning */
  state: 'warning' | 'error'
  /** since when, as far as the database knows */
  since: Date | null
  /** what happened, one sentence, without addresses */
  message: string
  /** what to do */
  remedy: string
  /** the page to look at, below PUBLIC_URL */
  href: string
  /** a missing setting: shown, but not emailed as an alert */
  standing?: true
}

export type AttentionDeps = Pick<Services, 'db' | 'config' | 'now'>

/** Returns the message, and since when. Messages themselves do not say it, since alerts and pages place it elsewhere. */
export const describeProblem = ({ message, since }: Pick<Attention, 'message' | 'since'>): string =>
  `${message.replace(/\.$/, '')}${since ? `, since ${minuteUtc(since)}` : ''}`

/** Path of an edition's admin page. */
export const editionHref = ({ kind, date }: EditionKey): string => `/admin/editions/${kind}/${date}`
