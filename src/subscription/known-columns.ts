import { ADDRESS_COLUMNS, normalizeName } from '../lib/csv/column-names.ts'
import { CSV_COLUMNS, type CsvColumn } from './csv-columns.ts'

/** What a column of a list of readers can mean beside the columns of our own export. */
export const FOREIGN_MEANINGS = ['subscribed', 'unsubscribed', 'bounced', 'complained', 'tags', 'ignore'] as const

export type Meaning = CsvColumn | (typeof FOREIGN_MEANINGS)[number]

export const MEANINGS: readonly Meaning[] = [...CSV_COLUMNS, ...FOREIGN_MEANINGS]

export interface KnownColumn {
  meaning: Meaning
  /** the tools that write it */
  tool: string
  /** the column says it of every row of its file, also where its cell is empty */
  everyRow?: true
}

/** One line for each column that a known tool writes: names, as the tool spells them; meaning; tool. */
const WRITTEN: readonly (readonly [names: string, meaning: Meaning, tool: string, everyRow?: 'every row'])[] = [
  ...ADDRESS_COLUMNS.map(([names, tool]) => [names, 'email', tool] as const),

  ['subscribed_to_emails', 'subscribed', 'Ghost'],
  ['subscribed', 'subscribed', 'Plunk'],
  ['email_disabled', 'unsubscribed', 'Substack'],
  ['unsubscribed', 'unsubscribed', 'spreadsheets'],
  ['type', 'status', 'Buttondown'],
  ['unsubscription_date', 'unsubscribed', 'Buttondown'],
  ['deleted_at', 'unsubscribed', 'Ghost'],
  ['UNSUB_TIME', 'unsubscribed', 'Mailchimp', 'every row'],
  ['CLEAN_TIME', 'bounced', 'Mailchimp', 'every row'],
  ['bounced', 'bounced', 'spreadsheets'],
  ['complained', 'complained', 'spreadsheets'],

  ['CONFIRM_TIME', 'confirmed_at', 'Mailchimp'],
  ['Double opt-in at', 'confirmed_at', 'Keila'],
  ['OPTIN_TIME', 'requested_at', 'Mailchimp'],
  ['creation_date', 'requested_at', 'Buttondown'],
  ['created_at', 'requested_at', 'Ghost, Substack, listmonk, beehiiv, Keila, Plunk'],

  ['TAGS', 'tags', 'Mailchimp, Buttondown, beehiiv'],
  ['labels', 'tags', 'Ghost'],
  ['TIMEZONE, time_zone', 'zone', 'Mailchimp'],

  ['id', 'ignore', 'Ghost, Buttondown, Plunk'],
  ['name, note', 'ignore', 'Ghost'],
  ['First Name, Last Name', 'ignore', 'Mailchimp, beehiiv, Keila'],
  ['complimentary_plan, stripe_customer_id, tiers, products, expiry_at, import_tier', 'ignore', 'Ghost'],
  // Whether somebody pays, and whether posts come one by one or bundled: both say nothing of leaving.
  ['active_subscription, expiry, plan, first_payment_at, digest_enabled', 'ignore', 'Substack'],
  ['Address, Phone Number, Birthday, MEMBER_RATING, OPTIN_IP, CONFIRM_IP, LATITUDE, LONGITUDE', 'ignore', 'Mailchimp'],
  ['GMTOFF, DSTOFF, CC, REGION, LAST_CHANGED, LEID, EUID, NOTES', 'ignore', 'Mailchimp'],
  ['UNSUB_CAMPAIGN_TITLE, UNSUB_CAMPAIGN_ID, UNSUB_REASON, UNSUB_REASON_OTHER', 'ignore', 'Mailchimp'],
  ['CLEAN_CAMPAIGN_TITLE, CLEAN_CAMPAIGN_ID', 'ignore', 'Mailchimp'],
  ['metadata, last_click_date, last_open_date, source, ip_address, referrer_url', 'ignore', 'Buttondown'],
  ['utm_campaign, utm_medium, utm_source', 'ignore', 'Buttondown, beehiiv'],
  ['unsubscription_reason, upgrade_date, churn_date', 'ignore', 'Buttondown'],
  ['uuid, attributes', 'ignore', 'listmonk'],
  ['updated_at', 'ignore', 'listmonk, Plunk'],
  ['Subscription Tier, Acquisition Source', 'ignore', 'beehiiv'],
  ['Data, External ID', 'ignore', 'Keila'],
]

const KNOWN = new Map<string, KnownColumn>([
  ...WRITTEN.flatMap(([names, meaning, tool, everyRow]) =>
    names
      .split(', ')
      .map((name): [string, KnownColumn] => [
        normalizeName(name),
        { meaning, tool, ...(everyRow && { everyRow: true as const }) },
      ]),
  ),
  ...CSV_COLUMNS.map((column): [string, KnownColumn] => [normalizeName(column), { meaning: column, tool: 'Paperboy' }]),
])

/** What a column is, if a known tool writes it. */
export const knownColumn = (name: string): KnownColumn | undefined => KNOWN.get(normalizeName(name))

/** Parts of names of columns that say who agreed or left, in the languages that such lists come in. */
const SPEAKS_OF_CONSENT =
  /subscri|unsub|optin|optout|opted|consent|agree|permi|gdpr|dsgvo|rgpd|bounce|status|complain|abuse|spam|disabl|enabl|block|black|suppress|delet|remov|clean|invalid|undeliver|unreach|confirm|verif|donot|dont|marketing|newsletter|active|mailable|churn|cancel|quit|optedout|abgemeldet|angemeldet|anmeld|abmeld|abonn|desinscri|désinscri|einwillig|widerr|consenti|baja|suscri/

/** Whether a column's name says that it may tell who agreed to emails and who left. */
export const mayConcernConsent = (name: string): boolean =>
  SPEAKS_OF_CONSENT.test(normalizeName(name)) || /(^|[^\p{L}])opt([^\p{L}]|$)/iu.test(name)

export const STATUSES = ['active', 'pending', 'unsubscribed', 'bounced', 'complained'] as const
export type Status = (typeof STATUSES)[number]

/** The words that known tools write in a column of statuses. */
const STATUS_WORDS: Record<Status, string> = {
  // Buttondown's regular, premium, gifted, trialed, churning and past_due get its emails; listmonk: enabled.
  active: 'active, subscribed, enabled, confirmed, regular, premium, gifted, trialed, churning, past_due',
  // beehiiv: validating, needs_attention, needs_approval. Buttondown: unactivated.
  pending: 'pending, unconfirmed, unactivated, unverified, validating, needs_attention, needs_approval',
  // beehiiv: inactive. listmonk: disabled, blocklisted. Mailchimp: non-subscribed, archived. Buttondown: removed, spammy, blocked.
  unsubscribed: `unsubscribed, inactive, disabled, blocklisted, blacklisted, blocked, suppressed, removed, deleted, archived, spammy,
    opted_out, non-subscribed, erased`,
  // Mailchimp: cleaned. beehiiv: invalid. Buttondown: undeliverable. Keila: unreachable.
  bounced: 'bounced, cleaned, invalid, undeliverable, unreachable, hard_bounced',
  complained: 'complained, complaint, spam, abuse, reported_spam, marked_as_spam',
}

const WORD_STATUSES = new Map<string, Status>(
  STATUSES.flatMap((status) => STATUS_WORDS[status].split(',').map((word) => [normalizeName(word), status] as const)),
)

/** The status that a word means, in any case and spelling ("Opted out", "opted_out"); undefined for an unknown word. */
export const statusOf = (word: string): Status | undefined => WORD_STATUSES.get(normalizeName(word))

/** Words that say no wherever they stand: a column that has one speaks of consent, whatever its name. */
const SAYS_NO = new Set([
  'unsubscribed',
  'bounced',
  'complained',
  'optedout',
  'optout',
  'cleaned',
  'undeliverable',
  'blocklisted',
  'donotemail',
])

export const isRefusal = (cell: string): boolean => cell.length < 20 && SAYS_NO.has(normalizeName(cell))
