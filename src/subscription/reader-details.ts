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

type Deps = Pick<Services, 'db'>

const COLUMNS = sql`id, email, status, cadence, hour, zone, weekday, size, format, locale, topics, keywords, authors, organisations,
  coalesce(consent_form, 'import by ' || imported_by) AS consent,
  created_at, requested_at, confirmed_at, left_at, paused_until, next_digest_at`

/** Reads readers by their ids, newest first. */
export const readerDetails = ({ db }: Deps, ids: readonly number[]): Promise<ReaderDetails[]> => query(db, Reader)`
  SELECT ${COLUMNS} FROM subscribers WHERE id = ANY (${sql.param(ids)}::bigint[]) ORDER BY id DESC`

/** @throws PaperboyError READER_NOT_FOUND */
export async function readerById({ db }: Deps, id: number): Promise<ReaderDetails> {
  const [reader] = await readerDetails({ db }, [id])
  if (!reader) throw new PaperboyError('READER_NOT_FOUND', `There is no reader ${id}.`)
  return reader
}
