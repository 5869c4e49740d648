import { stringify } from 'csv-stringify/sync'
import { and, asc, gt } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'
import { escapeFormula } from '../lib/csv/spreadsheet.ts'
import { subscribers } from '../runtime/db/schema.ts'
import type { Services } from '../runtime/services.ts'
import { joinValues } from './csv-columns.ts'
import { type Layout, OWN_LAYOUT, type Value } from './export-layouts.ts'
import { checked, indexed, type ReaderSearch } from './reader-filter.ts'

const PAGE = 5000

/** The filter's SQL names the table so. */
const s = alias(subscribers, 's')

/**
 * Exports subscribers with an address as CSV chunks, oldest first. Memory use does not grow with their number.
 * Importing our own layout elsewhere restores the same readers, preferences and evidence of consent.
 */
export async function* exportSubscribers(
  { db }: Pick<Services, 'db'>,
  filter: ReaderSearch = {},
  layout: Layout = OWN_LAYOUT,
): AsyncGenerator<string> {
  yield stringify([layout.map(([name]) => name)])
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
      page.map((row) => layout.map(([, value]) => cell(value(row)))),
      { quoted_match: /[\r\n]/ },
    )
  }
}

/** Only text that a person typed can look like a formula. */
function cell(value: Value): string {
  const text = value instanceof Date ? value.toISOString() : Array.isArray(value) ? joinValues(value) : value
  return typeof text === 'string' ? escapeFormula(text) : String(text ?? '')
}
