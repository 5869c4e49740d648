import { stringify } from 'csv-stringify/sync'
import { type SQL, sql } from 'drizzle-orm'
import { z } from 'zod'
import { dayField } from '../calendar/day-field.ts'
import { daysLater, startOfDay } from '../calendar/days.ts'
import { escapeFormula } from '../lib/csv/spreadsheet.ts'
import { bigint, moment, query, queryColumn, text } from '../runtime/db/query.ts'
import type { Services } from '../runtime/services.ts'

/** Which audit entries a list or an export has. */
export const AuditFilter = z.object({
  actor: z.string().max(254).optional(),
  /** the beginnings of words, side by side, in the action and its target; a number is a whole one */
  words: z.string().max(200).optional(),
  from: dayField.optional(),
  to: dayField.optional(),
})
export type AuditFilter = z.output<typeof AuditFilter>

const Row = z.object({ id: bigint, at: moment, actor: text, action: text, target: text })
export type ListedAudit = z.output<typeof Row>

const PAGE = 100
const EXPORT_PAGE = 5_000

const matches = ({ actor, words, from, to }: AuditFilter): SQL => sql`
  ${actor === undefined ? sql`true` : sql`lower(who) = lower(${actor})`}
  AND ${words === undefined ? sql`true` : sql`what || ' ' || about ~* ${asPattern(words)}`}
  AND ${from === undefined ? sql`true` : sql`at >= ${startOfDay(from)}`}
  AND ${to === undefined ? sql`true` : sql`at < ${startOfDay(daysLater(to, 1))}`}`

/** Returns a regular expression of PostgreSQL. "reader 1" is not in "reader 17", and "picked" not in "unpicked". */
function asPattern(words: string): string {
  const typed = words.trim()
  const literal = typed.replaceAll(/[^\p{L}\p{N}\s]/gu, '\\$&')
  return `${/^[a-z0-9]/i.test(typed) ? '\\m' : ''}${literal}${/[0-9]$/.test(typed) ? '\\M' : ''}`
}

/** Lists audit entries, newest first. Pages neither repeat nor miss an entry while others are added. @param page.before id of the last entry */
export async function listAudit(
  { db }: Pick<Services, 'db'>,
  filter: AuditFilter = {},
  page: { before?: number | undefined; limit?: number | undefined } = {},
): Promise<{ entries: ListedAudit[]; next: number | undefined }> {
  const { before = Number.MAX_SAFE_INTEGER, limit = PAGE } = page
  const rows = await query(db, Row)`
    SELECT id, at, who AS actor, what AS action, about AS target FROM audit_log
    WHERE id < ${before}::bigint AND ${matches(filter)} ORDER BY id DESC LIMIT ${limit + 1}`
  return { entries: rows.slice(0, limit), next: rows.length > limit ? rows[limit - 1]!.id : undefined }
}

/** The latest actors of the log, by name, as suggestions for a filter. Programs with keys of their own can be many. */
export const listActors = ({ db }: Pick<Services, 'db'>): Promise<string[]> =>
  queryColumn(db, text)`
    SELECT who FROM (SELECT who FROM audit_log GROUP BY who ORDER BY max(id) DESC LIMIT 200) AS latest ORDER BY who`

/** Exports matching entries as CSV chunks, newest first. */
export async function* exportAudit(deps: Pick<Services, 'db'>, filter: AuditFilter): AsyncGenerator<string> {
  yield stringify([['at', 'actor', 'action', 'target']])
  for (let before: number | undefined; ; ) {
    const { entries, next } = await listAudit(deps, filter, { before, limit: EXPORT_PAGE })
    yield stringify(
      entries.map(({ at, actor, action, target }) => [at.toISOString(), ...[actor, action, target].map(escapeFormula)]),
    )
    if (next === undefined) return
    before = next
  }
}
