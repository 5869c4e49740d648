import { sql } from 'drizzle-orm'
import type { AlertProblem } from '../../outbox/service-email.ts'
import { moment, query, queryColumn, queryOne, text } from '../../runtime/db/query.ts'
import type { Services } from '../../runtime/services.ts'
import type { Attention, AttentionName } from './attention.ts'
import { findAttention, keyOf } from './find.ts'
import { unwritableMarker } from './restore-marker.ts'

/** Warnings may pass by themselves, so they wait this long. Errors are emailed at once. */
const PATIENCE = '1 hour'
/** A problem that returns after this long counts as new. */
const GONE = '30 minutes'
const ONCE_IN = '1 day'
/** This check runs every minute. After this long without one, no worker ran: the machine slept, or was off. */
const AWAY = '5 minutes'
/** A worker that is back has made up for an absence within this long, if it can. */
const CATCH_UP_MS = 15 * 60_000
/** Problems that an absence of all workers leaves behind, and that their first jobs end. */
const LEFT_BEHIND = new Set<AttentionName>(['edition_missing', 'work_overdue', 'source_stale', 'inbound_unread'])
/** Longer than ONCE_IN, so that a problem that comes and goes is still emailed once a day. */
const REMEMBERED = '2 days'

/**
 * Records current problems, and queues one email to each of ADMIN_EMAILS about those not emailed within a day. A lock lets only
 * one worker queue it. Work left over from a time without workers is emailed once they had time to catch up. Problems that the last
 * check before a short absence noted do not wait. A worker that dies again and again never catches up.
 *
 * @returns the number of problems in the email; 0 for no email
 */
export async function raiseAlerts(services: Pick<Services, 'db' | 'config' | 'now' | 'queues'>): Promise<number> {
  const { db, config, now, queues } = services
  // A noted restore marker does not count as found again: it would be noted for ever.
  const noted = (await findAttention(services)).filter(({ name }) => name !== 'restore_marker_unwritable')
  const found = [...noted, ...(await unwritableMarker(config.DATA_DIR))].filter(({ standing }) => !standing)
  const at = now()
  const mailed = await db.transaction(async (tx) => {
    await tx.execute(sql`SELECT pg_advisory_xact_lock(hashtext('paperboy alerts'))`)
    await tx.execute(sql`DELETE FROM attention WHERE seen_at < ${at}::timestamptz - ${REMEMBERED}::interval`)
    const [lastCheck] = await queryColumn(tx, moment)`SELECT seen_at FROM attention WHERE what = 'checks'`
    const running = await runningSince(tx, at)
    const isCatchingUp = at.getTime() - running.getTime() < CATCH_UP_MS
    const beforeAbsence = (running.getTime() === at.getTime() && lastCheck) || null
    const mayWait = found.map(({ name }) => isCatchingUp && LEFT_BEHIND.has(name))
    const column = (value: (each: Attention) => string) => sql`${sql.param(found.map(value))}::text[]`
    const rows = await query(tx, { name: text, about: text })`
      WITH seen AS (
        SELECT * FROM unnest(${column((each) => each.name)}, ${column((each) => each.about)}, ${column((each) => each.state)},
          ${column((each) => (each.since ?? at).toISOString())}::timestamptz[],
          ${sql.param(mayWait)}::bool[]) AS s (what, about, state, since, may_wait)
      ), noted AS (
        INSERT INTO attention AS a (what, about, since, seen_at) SELECT what, about, since, ${at} FROM seen
        ON CONFLICT (what, about) DO UPDATE SET seen_at = excluded.seen_at,
          since = CASE WHEN a.seen_at < excluded.seen_at - ${GONE}::interval THEN excluded.since ELSE least(a.since, excluded.since) END
        RETURNING what, about, since, mailed_at
      )
      SELECT what AS name, about FROM noted JOIN seen USING (what, about)
      WHERE ${config.ADMIN_EMAILS.length > 0} AND (mailed_at IS NULL OR mailed_at <= ${at}::timestamptz - ${ONCE_IN}::interval)
        AND (state = 'error' OR noted.since <= ${at}::timestamptz - ${PATIENCE}::interval)
        -- Reads the table as it was before this statement.
        AND (NOT may_wait OR EXISTS (SELECT FROM attention b WHERE b.what = seen.what AND b.about = seen.about
          AND b.seen_at = ${beforeAbsence}::timestamptz AND b.seen_at >= ${at}::timestamptz - ${GONE}::interval))`
    const due = new Set(rows.map(keyOf))
    const problems = found.filter((each) => due.has(keyOf(each)))
    if (problems.length === 0) return 0
    await tx.execute(sql`
      UPDATE attention SET mailed_at = ${at}
      WHERE (what, about) IN (SELECT * FROM unnest(${sql.param(problems.map(({ name }) => name))}::text[],
        ${sql.param(problems.map(({ about }) => about))}::text[]))`)
    for (const address of config.ADMIN_EMAILS) await queueMail(tx, address, problems.map(asProblem), at)
    return problems.length
  })
  if (mailed > 0) await queues.wake('send-service-emails', {})
  return mailed
}

/** Records this check. @returns since when they run without a gap; kept beside the problems, under a name that none of them has */
async function runningSince(db: Services['db'], at: Date): Promise<Date> {
  const { since } = await queryOne(db, { since: moment })`
    INSERT INTO attention AS a (what, about, since, seen_at) VALUES ('checks', '', ${at}, ${at})
    ON CONFLICT (what, about) DO UPDATE SET seen_at = excluded.seen_at,
      since = CASE WHEN a.seen_at < excluded.seen_at - ${AWAY}::interval THEN excluded.since ELSE a.since END
    RETURNING since`
  return since
}

const asProblem = ({ part, state, since, message, remedy, href }: Attention): AlertProblem => ({
  ...{ part, state, message, remedy, href },
  since: since?.toISOString() ?? null,
})

const queueMail = (db: Pick<Services['db'], 'execute'>, address: string, problems: AlertProblem[], at: Date) =>
  db.execute(sql`
    WITH queued AS (
      INSERT INTO outbox (kind, due_at, created_at, message_key)
      VALUES ('alert', ${at}, ${at}, sha256(gen_random_uuid()::text::bytea)) RETURNING id
    )
    INSERT INTO alert_mails (outbox_id, address, problems) SELECT id, ${address}, ${JSON.stringify(problems)}::jsonb FROM queued`)
