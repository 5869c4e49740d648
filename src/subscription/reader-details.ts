import { sql } from 'drizzle-orm'
import { z } from 'zod'
import { PaperboyError } from '../lib/errors.ts'
import { bigint, moment, number, query, text } from '../runtime/db/query.ts'
import { cadence, mailFormat, subscriberStatus } from '../runtime/db/schema.ts'
import type { Services } from '../runtime/services.ts'

/** A reader in the API's lists. */
const Reader = z.object({
  id: bigint,
  /** null once erased */
  email: text.nullable(),
  status: z.enum(subscriberStatus.enumValues),
  cadence: z.enum(cadence.enumValues),
  hour: number,
  zone: text,
  weekday: number,
  size: number,
  format: z.enum(mailFormat.enumValues),
  locale: text,
  topics: z.array(text),
  keywords: z.array(text),
  authors: z.array(text),
  organisations: z.array(text),
  /** the version of the form they agreed to, or who attests consent given elsewhere */
  consent: text.nullable(),
  createdAt: moment,
  requestedAt: moment.nullable(),
  confirmedAt: moment.nullable(),
  leftAt: moment.nullable(),
  pausedUntil: moment.nullable(),
  nextDigestAt: moment.nullable(),
})
export type ReaderDetails = z.output<typeof Reader>

export interface ReaderFilter {
  status?: ReaderDetails['status'] | undefined
  cadence?: ReaderDetails['cadence'] | undefined
  /** a topic's slug */
  topic?: string | undefined
  /** the part of the address behind the @ */
  domain?: string | undefined
  /** a part of the address */
  search?: string | undefined
  /** first and last day of signing up, in UTC */
  joinedFrom?: string | undefined
  joinedTo?: string | undefined
}

type Deps = Pick<Services, 'db'>

const COLUMNS = sql`id, email, status, cadence, hour, zone, weekday, size, format, locale, topics, keywords, authors, organisations,
  coalesce(consent_form, 'import by ' || imported_by) AS consent,
  created_at, requested_at, confirmed_at, left_at, paused_until, next_digest_at`

const condition = (value: string | undefined, test: (value: string) => ReturnType<typeof sql>) =>
  value === undefined ? sql`true` : test(value)

/** Lists readers, newest first. @param page.before the id of the last reader on the page before */
export async function listReaderDetails(
  { db }: Deps,
  filter: ReaderFilter,
  page: { before?: number | undefined; limit: number },
): Promise<ReaderDetails[]> {
  const { status, cadence, topic, domain, search, joinedFrom, joinedTo } = filter
  return query(db, Reader)`
    SELECT ${COLUMNS} FROM subscribers
    WHERE id < ${page.before ?? Number.MAX_SAFE_INTEGER}
      AND ${condition(status, (value) => sql`status = ${value}`)}
      AND ${condition(cadence, (value) => sql`cadence = ${value}`)}
      AND ${condition(topic, (value) => sql`${value} = ANY (topics)`)}
      AND ${condition(domain, (value) => sql`split_part(email_key, '@', 2) = lower(${value})`)}
      AND ${condition(search, (value) => sql`position(lower(${value}) IN email_key) > 0`)}
      AND ${condition(joinedFrom, (value) => sql`created_at >= ${value}::date`)}
      AND ${condition(joinedTo, (value) => sql`created_at < ${value}::date + 1`)}
    ORDER BY id DESC LIMIT ${page.limit}`
}

/** @throws PaperboyError READER_NOT_FOUND */
export async function readerById({ db }: Deps, id: number): Promise<ReaderDetails> {
  const [reader] = await query(db, Reader)`SELECT ${COLUMNS} FROM subscribers WHERE id = ${id}`
  if (!reader) throw new PaperboyError('READER_NOT_FOUND', `There is no reader ${id}.`)
  return reader
}
