import { ADDRESS_COLUMNS, normalizeName } from '../lib/csv/column-names.ts'
import { CSV_COLUMNS, type CsvColumn } from './csv-columns.ts'

/** Meanings of columns beyond those of our own export. */
const FOREIGN_MEANINGS = ['subscribed', 'unsubscribed', 'bounced', 'complained', 'tags', 'ignore'] as const

export type Meaning = CsvColumn | (typeof FOREIGN_MEANINGS)[number]

export const MEANINGS: readonly Meaning[] = [...CSV_COLUMNS, ...FOREIGN_MEANINGS]

export interface KnownColumn {
  meaning: Meaning
  /** the tools that write it */
  tool: string
  /** the meaning holds for every row of the file, even where the cell is empty */
  everyRow?: true
}

/** The columns that known tools write: names as the tool spells them, meaning, tool. */
const TOOL_COLUMNS: readonly (readonly [names: string, meaning: Meaning, tool: string, everyRow?: 'every row'])[] = [
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
  // Payment, and whether posts come singly or bundled: neither says that a reader unsubscribed.
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
  ...TOOL_COLUMNS.flatMap(([names, meaning, tool, everyRow]) =>
    names
      .split(', ')
      .map((name): [string, KnownColumn] => [
        normalizeName(name),
        { meaning, tool, ...(everyRow && { everyRow: true as const }) },
      ]),
  ),
  ...CSV_COLUMNS.map((column): [string, KnownColumn] => [normalizeName(column), { meaning: column, tool: 'Paperboy' }]),
])

/** Returns the meaning of a column that a known tool writes. */
export const knownColumn = (name: string): KnownColumn | undefined => KNOWN.get(normalizeName(name))

/** Parts of column names that suggest consent or an opt-out, in the languages of such lists. Asking once too often costs one `--map`. */
const CONSENT_NAME = new RegExp(
  [
    'subscri|unsub|optin|optout|opted|consent|agree|permi|accept|allow|wants|receiv|gdpr|dsgvo|rgpd|bounce|status|complain|abuse|spam',
    'disabl|enabl|block|black|suppress|suspend|exclu|reject|revok|withdr|delet|remov|clean|invalid|undeliver|unreach|confirm|verif|donot|dont',
    'nomail|noemail|marketing|newsletter|activ|mailable|churn|cancel|quit|stop|preference|optedout',
    'abgemeldet|angemeldet|anmeld|abmeld|abbestell|ausgetragen|abonn|einwillig|zustimm|erlaub|widerr|sperr|gelösch|geloesch|kündig|kuendig|aktiv|erhält',
    'desinscri|désinscri|consenti|autoris|refus|bloqu|supprim|actif|reçoi|baja|suscri|acept|autoriz|rechaz|elimin|recib',
    '订阅|訂閱|退订|退訂|同意|许可|許可|取消|拒|屏蔽|黑名|状态|狀態',
  ].join('|'),
)

/** Returns whether a column name suggests that the column records consent or opt-outs. */
export const mayConcernConsent = (name: string): boolean =>
  CONSENT_NAME.test(normalizeName(name)) || /(^|[^\p{L}])opt([^\p{L}]|$)/iu.test(name)

export const STATUSES = ['active', 'pending', 'unsubscribed', 'bounced', 'complained'] as const
export type Status = (typeof STATUSES)[number]

/** The status words of known tools. */
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

/**
 * Returns the status for a word, in any case and spelling ("Opted out", "opted_out"); undefined for an unknown word.
 */
export const statusOf = (word: string): Status | undefined => WORD_STATUSES.get(normalizeName(word))

/** Words that mean an opt-out in any column: a column with one records consent, whatever its name. */
const REFUSALS = new Set(
  [
    'unsubscribed, bounced, hard bounced, complained, opted out, opt-out, cleaned, undeliverable, blocklisted, blacklisted',
    'do not email, do not mail, do not contact, no email, no mail, abgemeldet, abbestellt, ausgetragen, désabonné, désinscrit',
    'dado de baja, de baja, desuscrito, 退订, 退訂, 已退订, 已退訂, 取消订阅, 取消訂閱',
  ].flatMap((words) => words.split(', ').map(normalizeName)),
)

export const isRefusal = (cell: string): boolean => cell.length < 20 && REFUSALS.has(normalizeName(cell))
