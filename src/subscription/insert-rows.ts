import { type SQL, sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Db } from '../runtime/db/database.ts'
import { number, queryColumn, queryOne, text } from '../runtime/db/query.ts'
import { strictestStatus } from './import-consent.ts'
import type { Row } from './import-rows.ts'
import type { Status } from './known-columns.ts'

/** What the operator attests about a whole file. */
export interface Attested {
  /** activate at once, without a confirmation email: readers agreed elsewhere */
  active: boolean
  /** who attests that consent; stored with each row */
  attestedBy: string
}

/** Returns the status a row is imported with; active only when the operator attests consent. */
function importedStatus({ status }: Row, { active }: Attested): Status {
  if (status !== undefined && status !== 'active') return status
  return active ? 'active' : 'pending'
}

/**
 * Imports rows of valid zones, whose addresses `carrySuppressions` has seen. Sets their status.
 * Rows of one file come in several calls. They belong to one transaction without savepoints: see ON_THIS_FILE.
 * @returns what became of them, counted without those of lines that are left out
 */
export async function insertRows(db: Db, all: Row[], options: Attested, at: Date) {
  for (const row of all) {
    row.status = importedStatus(row, options)
    // A future time, such as one without its zone, would void each complaint and each sign-up until then.
    for (const name of ['requested_at', 'confirmed_at', 'left_at'] as const) {
      const time = row[name]
      if (time && time > at) row[name] = at
    }
  }
  const rows = mergeDuplicates(all as (Row & { status: Status })[])
  // The planner expects 100 rows of JSON, or one where statistics are old, and would compare each of thousands with each other.
  await db.execute(sql`SELECT set_config('enable_nestloop', 'off', true), set_config('jit', 'off', true)`)
  const counts = await queryOne(db, Counts, insertStatement(factor(rows), options, at))
  const { added, activated, remembered, refused } = counts
  const counted = all.filter((row) => !row.left_out).length
  return { ...counts, unchanged: counted - added - activated - remembered - refused }
}

/**
 * Makes those of these people pending whom earlier rows of this file activated. They get a confirmation email.
 * @returns their number
 */
export async function deactivateRows(db: Db, rows: readonly Row[], options: Attested, at: Date): Promise<number> {
  const keys = await queryColumn(db, text)`
    SELECT s.email_key FROM subscribers s
    WHERE s.email_key = ANY(${sql.param(rows.map(({ key }) => key))}::text[]) AND s.status = 'active' AND ${ON_THIS_FILE}`
  if (keys.length === 0) return 0
  const activated = new Set(keys)
  const { asked } = await insertRows(
    db,
    rows.filter(({ key }) => activated.has(key)),
    options,
    at,
  )
  return asked
}

/** The columns of a row as the statement reads them. */
const COLUMNS = {
  line: 'int',
  email: 'text',
  key: 'text',
  hash: 'text',
  status: 'subscriber_status',
  zone: 'text',
  hour: 'smallint',
  cadence: 'cadence',
  weekday: 'smallint',
  size: 'smallint',
  format: 'mail_format',
  locale: 'text',
  topics: 'text[]',
  keywords: 'text[]',
  share: 'text',
  authors: 'text[]',
  organisations: 'text[]',
  like_papers: 'text[]',
  like_voted: 'boolean',
  source_links: 'boolean',
  abstracts: 'boolean',
  paused_until: 'timestamptz',
  requested_at: 'timestamptz',
  confirmed_at: 'timestamptz',
  left_at: 'timestamptz',
  consent_form: 'text',
  left_out: 'boolean',
} satisfies Record<keyof Row, string>
const NAMES = Object.keys(COLUMNS) as (keyof Row)[]
const TYPES = sql.raw(NAMES.map((name) => `${name} ${COLUMNS[name]}`).join(', '))
const CHOSEN = sql.raw(NAMES.map((name) => `coalesce(own.${name}, shared.${name}) AS ${name}`).join(', '))

type Values = Partial<Record<keyof Row, unknown>>

/** Values that all rows share, and each row's own ones. Most columns of a list are the same in each row. */
interface Factored {
  shared: Values
  own: Values[]
}

/** Separates what all rows share: PostgreSQL then parses a third of the JSON, which took longer than storing the rows. */
function factor(rows: readonly Record<keyof Row, unknown>[]): Factored {
  const [first] = rows
  const isShared = (name: keyof Row) => rows.every((row) => isSame(row[name], first![name]))
  const sharedNames = new Set(NAMES.filter(isShared))
  const ownNames = NAMES.filter((name) => !sharedNames.has(name))
  const pick = (row: Record<keyof Row, unknown>, names: Iterable<keyof Row>): Values => {
    const picked: Values = {}
    for (const name of names) picked[name] = row[name]
    return picked
  }
  return { shared: first ? pick(first, sharedNames) : {}, own: rows.map((row) => pick(row, ownNames)) }
}

const isSame = (one: unknown, other: unknown): boolean =>
  one === other || (Array.isArray(one) && Array.isArray(other) && one.length === 0 && other.length === 0)

/** What each of a file's rows became, counted. */
const Counts = z.object({ added: number, asked: number, activated: number, remembered: number, refused: number })

/** SQL on a reader `s`: an earlier line of this file wrote it. In a savepoint its rows would carry another transaction's id. */
const ON_THIS_FILE = sql`s.xmin = pg_current_xact_id()::xid`

/**
 * SQL: whether a row with this status may change the reader `s` with its address. Two lines of a file may disagree, thousands of lines
 * apart: then the stricter one counts, in either order.
 */
const mayChange = (status: SQL): SQL => sql`CASE ${status}
    WHEN 'active' THEN s.status = 'pending' AND NOT ${ON_THIS_FILE}
    WHEN 'pending' THEN s.status = 'active' AND ${ON_THIS_FILE}
    -- A confirmation here outweighs the old list. Imported consent ends when a list says so, and a spam report there is the last word.
    ELSE s.status = 'pending' OR s.imported_by IS NOT NULL AND s.first_confirmed_at IS NULL
      AND (s.status = 'active' OR s.status IN ('unsubscribed', 'bounced') AND ${status} = 'complained') END`

/**
 * The statement that imports rows. One statement, so that concurrent sign-ups and imports of the same address cannot come in between.
 * CTEs in order: `given` (the rows, each with its address's suppression, and the reader with it), `moments` (next digests), `written` (readers inserted or
 * changed), `asked` and `unasked` (confirmation emails queued or cancelled), `suppressed` (bounces and complaints of the old list).
 */
const insertStatement = ({ shared, own }: Factored, { attestedBy }: Attested, at: Date) => sql`
    WITH given AS (
      SELECT g.*, decode(g.hash, 'hex') AS address_hash, g.status IN ('active', 'pending') AS reads,
        (SELECT x.reason FROM suppressions x WHERE x.address_hash = decode(g.hash, 'hex')) AS reason,
        known.status AS known_as, known.may_change,
        -- One microsecond earlier: the end of a pause may be the reader's hour.
        greatest(${at}::timestamptz, g.paused_until - interval '1 microsecond') AS start
      FROM (SELECT ${CHOSEN} FROM json_to_recordset(${JSON.stringify(own)}::json) AS own(${TYPES}),
        json_to_record(${JSON.stringify(shared)}::json) AS shared(${TYPES})) AS g
      -- OFFSET 0 forces one lookup by key per row.
      LEFT JOIN LATERAL (
        SELECT s.status, ${mayChange(sql`g.status`)} AS may_change FROM subscribers s WHERE s.email_key = g.key OFFSET 0
      ) AS known ON true
    ), moments AS MATERIALIZED (
      -- Few readers differ in all of these, and the function costs as much as storing a reader.
      SELECT *, next_digest_at(zone, hour, cadence, weekday::int, start) AS next
      FROM (SELECT DISTINCT status, zone, hour, cadence, weekday, start FROM given WHERE status = 'active') AS times
    ), written AS (
      INSERT INTO subscribers AS s (email, email_key, address_hash, status, zone, hour, cadence, weekday, size, format, locale,
        topics, keywords, share, authors, organisations, like_papers, like_voted, source_links, abstracts, paused_until, left_at, consent_form, next_digest_at, confirm_nonce, requested_at,
        confirmed_at, imported_by, imported_at)
      SELECT email, key, address_hash, status, zone, hour, cadence, weekday, size, format, locale, topics, keywords,
        share, authors, organisations, like_papers, like_voted, source_links, abstracts,
        paused_until, left_at, consent_form,
        next,
        CASE WHEN status = 'pending' THEN decode(substr(md5(random()::text), 1, 16), 'hex') END,
        CASE WHEN status = 'pending' THEN ${at} ELSE coalesce(requested_at, ${at}) END,
        CASE WHEN status = 'active' THEN coalesce(confirmed_at, requested_at, ${at})
             WHEN status <> 'pending' THEN confirmed_at END,
        ${attestedBy}, ${at}
      -- An erased address is not stored again, not even as unsubscribed.
      FROM given LEFT JOIN moments USING (status, zone, hour, cadence, weekday, start)
      WHERE (reason IS NULL OR NOT reads AND reason <> 'erasure')
        -- ON CONFLICT locks a reader whom it leaves as they are. Their requests to unsubscribe would wait for the whole file.
        AND may_change IS NOT FALSE
      ORDER BY line
      ON CONFLICT (email_key) DO UPDATE SET status = excluded.status,
        next_digest_at = CASE WHEN excluded.status = 'active' THEN
          next_digest_at(s.zone, s.hour, s.cadence, s.weekday::int, ${at}) END,
        confirm_nonce = coalesce(s.confirm_nonce, excluded.confirm_nonce),
        requested_at = CASE WHEN excluded.status = 'pending' THEN excluded.requested_at ELSE s.requested_at END,
        confirmed_at = CASE WHEN excluded.status IN ('active', 'pending') THEN excluded.confirmed_at ELSE s.confirmed_at END,
        left_at = CASE WHEN excluded.status IN ('active', 'pending') THEN s.left_at WHEN s.status = 'active' THEN coalesce(excluded.left_at, ${at})
                       ELSE coalesce(excluded.left_at, s.left_at) END,
        consent_form = coalesce(excluded.consent_form, s.consent_form),
        imported_by = excluded.imported_by, imported_at = excluded.imported_at, updated_at = ${at}
      WHERE ${mayChange(sql`excluded.status`)}
      RETURNING id, email_key, status, consent_origin
    ), asked AS (
      INSERT INTO outbox (kind, subscriber_id, due_at, message_key, created_at)
      SELECT 'confirm', id, ${at}, decode(md5(random()::text || id), 'hex'), ${at} FROM written WHERE status = 'pending'
    ), unasked AS (
      -- Cancel a confirmation email that only an import requested, for people who opted out elsewhere.
      DELETE FROM outbox WHERE kind IN ('confirm', 'remind') AND state = 'queued' AND subscriber_id = ANY (ARRAY(
        SELECT id FROM written WHERE status IN ('unsubscribed', 'bounced', 'complained') AND consent_origin IS NULL))
    ), suppressed AS (
      INSERT INTO suppressions AS x (address_hash, reason, created_at)
      SELECT g.address_hash, CASE g.status WHEN 'bounced' THEN 'hard bounce' ELSE 'complaint' END::suppression_reason, ${at}
      FROM given g JOIN written w ON w.email_key = g.key AND w.status IN ('bounced', 'complained')
      ON CONFLICT (address_hash) DO UPDATE SET reason = excluded.reason, created_at = excluded.created_at
      WHERE x.reason = 'hard bounce' AND excluded.reason = 'complaint'
    )
    SELECT
      count(*) FILTER (WHERE w.id IS NOT NULL AND g.known_as IS NULL AND g.reads)::int AS added,
      count(*) FILTER (WHERE w.status = 'pending')::int AS asked,
      count(*) FILTER (WHERE w.id IS NOT NULL AND g.known_as IS NOT NULL AND w.status = 'active')::int AS activated,
      count(*) FILTER (WHERE w.id IS NOT NULL AND NOT g.reads AND NOT g.left_out)::int AS remembered,
      count(*) FILTER (WHERE w.id IS NULL AND g.reads
        AND (g.reason IS NOT NULL OR g.known_as IN ('unsubscribed', 'bounced', 'complained', 'erased')))::int AS refused
    FROM given g LEFT JOIN written w ON w.email_key = g.key`

/** Keeps one row for each mailbox: the last of those with the strictest status. */
function mergeDuplicates<T extends { key: string; status: Status }>(rows: T[]): T[] {
  const kept = new Map<string, T>()
  for (const row of rows) {
    const other = kept.get(row.key)
    if (!other || strictestStatus([other.status, row.status]) === row.status) kept.set(row.key, row)
  }
  return [...kept.values()]
}
