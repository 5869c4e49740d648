import { asc, gt } from 'drizzle-orm'
import { subscribers } from '../db/schema.ts'
import type { Services } from '../services.ts'

const PAGE = 5000
const COLUMNS = ['email', 'status', 'zone', 'hour', 'cadence', 'size', 'requestedAt', 'confirmedAt', 'leftAt'] as const

/** All subscribers with an address as CSV, in chunks, oldest first; memory does not grow with their number. */
export async function* exportSubscribers({ db }: Pick<Services, 'db'>): AsyncGenerator<string> {
  yield `${COLUMNS.join(',')}\n`
  for (let cursor = 0; ; ) {
    const page = await db
      .select()
      .from(subscribers)
      .where(gt(subscribers.id, cursor))
      .orderBy(asc(subscribers.id))
      .limit(PAGE)
    if (page.length === 0) return
    cursor = page.at(-1)!.id
    yield page
      .filter((row) => row.email !== null)
      .map((row) => `${COLUMNS.map((column) => cell(row[column])).join(',')}\n`)
      .join('')
  }
}

function cell(value: string | number | Date | null): string {
  const text = value instanceof Date ? value.toISOString() : String(value ?? '')
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
