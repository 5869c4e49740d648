import { gunzipSync } from 'node:zlib'
import { sql } from 'drizzle-orm'
import type { Db } from '../../src/runtime/db/database.ts'

/** Encodings of an address: plain, in a URL, in MIME, in base64 at any offset, in hex. */
function disguisesOf(address: string): string[] {
  const forms = [
    address,
    address.toLowerCase(),
    address.replace('@', '=40'),
    address.replace('@', '%40'),
    encodeURIComponent(address),
  ]
  const bytes = Buffer.from(address.toLowerCase())
  const typed = Buffer.from(address)
  for (const whole of [bytes, typed]) {
    forms.push(whole.toString('hex'))
    // Preceding text shifts base64 by up to two bytes, so letters that depend on neighbours are dropped.
    for (const before of [0, 1, 2]) {
      const text = Buffer.concat([Buffer.alloc(before), whole]).toString('base64')
      forms.push(text.slice(before === 0 ? 0 : 4, -4))
    }
  }
  return [...new Set(forms)]
}

/** Where a table, the queue or a log contains the address, as `table: beginning of the text`. */
export async function placesOf(db: Db, address: string, others: Record<string, string> = {}): Promise<string[]> {
  const needles = disguisesOf(address)
  const found: string[] = []
  const look = (place: string, text: string) => {
    const lower = text.toLowerCase()
    const needle = needles.find((each) => text.includes(each) || lower.includes(each.toLowerCase()))
    if (needle) found.push(`${place}: ${needle}`)
  }
  const { rows: columns } = await db.execute<{
    place: string
    schema: string
    name: string
    column: string
    type: string
  }>(sql`
    SELECT n.nspname || '.' || c.relname || '.' || a.attname AS place, n.nspname AS schema, c.relname AS name,
      a.attname AS column, t.typname AS type
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_type t ON t.oid = a.atttypid
    WHERE c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
      AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg_toast%'`)
  for (const { place, schema, name, column, type } of columns) {
    const value = sql`${sql.identifier(column)}`
    const from = sql`${sql.identifier(schema)}.${sql.identifier(name)}`
    if (type === 'bytea') {
      const { rows } = await db.execute<{ value: Buffer }>(
        sql`SELECT ${value} AS value FROM ${from} WHERE ${value} IS NOT NULL`,
      )
      for (const { value: bytes } of rows) {
        look(place, bytes.toString('latin1'))
        if (bytes[0] === 0x1f && bytes[1] === 0x8b) look(place, gunzipSync(bytes).toString('latin1'))
      }
    } else {
      const { rows } = await db.execute<{ value: string }>(
        sql`SELECT ${value}::text AS value FROM ${from} WHERE ${value} IS NOT NULL`,
      )
      for (const { value: text } of rows) look(place, text)
    }
  }
  for (const [place, text] of Object.entries(others)) look(place, text)
  return found
}
