import type { subscribers } from '../runtime/db/schema.ts'
import { CSV_COLUMNS } from './csv-columns.ts'

type Row = typeof subscribers.$inferSelect
export type Value = string | number | boolean | Date | string[] | null

/** The columns of an export: the name of each, and its value for a reader. */
export type Layout = readonly (readonly [name: string, value: (reader: Row) => Value])[]

const email = (row: Row) => row.email
const topics = (row: Row) => row.topics.join(',')
const agreedAt = (row: Row) => row.confirmedAt ?? row.requestedAt
const isActive = (row: Row) => row.status === 'active'
/** What other tools have no column for, as JSON. */
const data = ({ locale, cadence, zone, topics, keywords }: Row) =>
  JSON.stringify({ locale, cadence, zone, topics, keywords })

/**
 * Columns that other tools read, as their import pages name them in 2026. They have no column for what a reader wishes for, except
 * tags or free data. Ghost and Plunk take the status along; the others subscribe every address in the file.
 */
export const LAYOUTS = {
  mailchimp: [
    ['Email Address', email],
    ['TAGS', topics],
    ['CONFIRM_TIME', agreedAt],
  ],
  substack: [['email', email]],
  buttondown: [
    ['email', email],
    ['tags', topics],
    ['creation_date', agreedAt],
  ],
  listmonk: [
    ['email', email],
    ['name', () => ''],
    ['attributes', data],
  ],
  ghost: [
    ['email', email],
    ['name', () => ''],
    ['note', () => ''],
    ['subscribed_to_emails', isActive],
    ['labels', topics],
    ['created_at', agreedAt],
  ],
  beehiiv: [
    ['email', email],
    ['created_at', agreedAt],
    ['tags', topics],
  ],
  keila: [
    ['Email', email],
    ['First name', () => ''],
    ['Last name', () => ''],
    ['Data', data],
  ],
  plunk: [
    ['email', email],
    ['subscribed', isActive],
  ],
} satisfies Record<string, Layout>

export type Tool = keyof typeof LAYOUTS
export const TOOLS = Object.keys(LAYOUTS) as Tool[]

/** Our own columns: importing them here or elsewhere in Paperboy restores the same readers. */
export const OWN_LAYOUT: Layout = CSV_COLUMNS.map((column) => [column, (row) => OWN_VALUES[column](row)] as const)

const OWN_VALUES: Record<(typeof CSV_COLUMNS)[number], (row: Row) => Value> = {
  email,
  status: (row) => row.status,
  zone: (row) => row.zone,
  hour: (row) => row.hour,
  cadence: (row) => row.cadence,
  weekday: (row) => row.weekday,
  size: (row) => row.size,
  format: (row) => row.format,
  locale: (row) => row.locale,
  topics: (row) => row.topics,
  keywords: (row) => row.keywords,
  share: (row) => row.share,
  authors: (row) => row.authors,
  organisations: (row) => row.organisations,
  like_papers: (row) => row.likePapers,
  like_voted: (row) => row.likeVoted,
  source_links: (row) => row.sourceLinks,
  abstracts: (row) => row.abstracts,
  paused_until: (row) => row.pausedUntil,
  requested_at: (row) => row.requestedAt,
  confirmed_at: (row) => row.confirmedAt,
  left_at: (row) => row.leftAt,
  consent_form: (row) => row.consentForm ?? (row.importedBy && `import by ${row.importedBy}`),
}
