import { stringify } from 'csv-stringify/sync'
import { and, asc, gt } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'
import { escapeFormula } from '../lib/csv/formula.ts'
import { subscribers } from '../runtime/db/schema.ts'
import type { Services } from '../runtime/services.ts'
import { CSV_COLUMNS, type CsvColumn, joinValues } from './csv-columns.ts'
import { checked, indexed, type ReaderSearch } from './reader-filter.ts'

const PAGE = 5000

type Value = string | number | boolean | Date | string[] | null

const valuesOf = (row: typeof subscribers.$inferSelect): Record<CsvColumn, Value> => ({
  email: row.email,
  status: row.status,
  zone: row.zone,
  hour: row.hour,
  cadence: row.cadence,
  weekday: row.weekday,
  size: row.size,
  format: row.format,
  locale: row.locale,
  topics: row.topics,
  keywords: row.keywords,
  share: row.share,
  authors: row.authors,
  organisations: row.organisations,
  like_papers: row.likePapers,
  like_voted: row.likeVoted,
  source_links: row.sourceLinks,
  abstracts: row.abstracts,
  paused_until: row.pausedUntil,
  requested_at: row.requestedAt,
  confirmed_at: row.confirmedAt,
  left_at: row.leftAt,
  consent_form: row.consentForm ?? (row.importedBy && `import by ${row.importedBy}`),
})

/** The filter's SQL names the table so. */
const s = alias(subscribers, 's')

/**
 * Exports subscribers with an address as CSV chunks, oldest first. Memory use does not grow with their number.
 * Importing it elsewhere restores the same readers, preferences and evidence of consent.
 */
export async function* exportSubscribers(
  { db }: Pick<Services, 'db'>,
  filter: ReaderSearch = {},
): AsyncGenerator<string> {
  yield stringify([[...CSV_COLUMNS]])
  for (let cursor = 0; ; ) {
    const page = await db
      .select()
      .from(s)
      .where(and(gt(s.id, cursor), indexed(filter), checked(filter)))
      .orderBy(asc(s.id))
      .limit(PAGE)
    if (page.length === 0) return
    cursor = page.at(-1)!.id
    yield stringify(
      page.map(valuesOf).map((values) => CSV_COLUMNS.map((column) => cell(values[column]))),
      { quoted_match: /[\r\n]/ },
    )
  }
}

/** Only text that a person typed can look like a formula. */
function cell(value: Value): string {
  const text = value instanceof Date ? value.toISOString() : Array.isArray(value) ? joinValues(value) : value
  return typeof text === 'string' ? escapeFormula(text) : String(text ?? '')
}
