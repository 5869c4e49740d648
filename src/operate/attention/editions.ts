import { sql } from 'drizzle-orm'
import { z } from 'zod'
import { daysLater } from '../../calendar/days.ts'
import { deliveryNeedsAttempt, SENDABLE_EDITION } from '../../delivery/ledger/conditions.ts'
import { describeEdition, type EditionKey, editionOptions } from '../../edition/draft/control.ts'
import { editionsToMake, IS_AWAITED, isRecent } from '../../edition/draft/edition-age.ts'
import { counted } from '../../lib/counted.ts'
import { redact } from '../../lib/redact.ts'
import { listedIn } from '../../papers/ranking/list-votes.ts'
import { hasVotedSource } from '../../runtime/config/source-names.ts'
import { bigint, bool, moment, number, query, text } from '../../runtime/db/query.ts'
import { editionKind } from '../../runtime/db/schema.ts'
import { type Attention, type AttentionDeps, editionHref } from './attention.ts'

const REPLIES_SHOWN = 3
/** A worker assembles a draft within 5 minutes and releases it within 30 seconds. */
const LATE = '30 minutes'

const Key = { kind: z.enum(editionKind.enumValues), date: text }
const about = ({ kind, date }: EditionKey): string => `${kind} ${date}`

/** Editions that paused automatically, with the most common relay replies. */
export async function pausedEditions({ db }: AttentionDeps): Promise<Attention[]> {
  const rows = await query(db, { ...Key, id: bigint, why: text })`
    SELECT id, kind, date::text, paused_why AS why FROM editions
    WHERE state = 'paused' AND paused_why IS NOT NULL ORDER BY date, kind`
  return Promise.all(
    rows.map(async (edition) => {
      const replies = await commonReplies(db, edition.id)
      const common = replies.map(({ count, reply }) => `${count.toLocaleString('en')} × ${redact(reply)}`).join(' · ')
      return {
        name: 'edition_paused' as const,
        about: about(edition),
        part: 'Edition',
        state: 'error' as const,
        since: replies.reduce<Date | null>((last, { at }) => (last === null || at > last ? at : last), null),
        message: `${describeEdition(edition)} was paused automatically: ${edition.why}.${common ? ` Most common replies: ${common}` : ''}`,
        remedy: 'fix the cause of the replies, then resume or cancel the edition',
        href: editionHref(edition),
      }
    }),
  )
}

/** Groups replies, ignoring parts that differ such as queue ids: words of six or more characters with a digit. */
const commonReplies = (db: AttentionDeps['db'], editionId: number) =>
  query(db, { reply: text, count: number, at: moment })`
    SELECT regexp_replace(reply, '\\m(?=\\w*\\d)\\w{6,}\\M', '…', 'g') AS reply, count(*)::int AS count, max(settled_at) AS at
    FROM deliveries WHERE edition_id = ${editionId} AND state = 'refused' AND reply IS NOT NULL
    GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ${REPLIES_SHOWN}`

/** Held drafts past their release time, while their readers wait and would still get them. */
export async function heldEditions({ db, config, now }: AttentionDeps): Promise<Attention[]> {
  const rows = await query(db, { ...Key, releaseAt: moment })`
    SELECT kind, date::text, release_at FROM editions
    WHERE state = 'draft' AND held AND release_at < ${now()}::timestamptz AND ${isRecent(now(), config)} AND ${IS_AWAITED}
    ORDER BY date, kind`
  return rows.map((edition) => ({
    name: 'edition_held',
    about: about(edition),
    part: 'Edition',
    state: 'warning',
    since: edition.releaseAt,
    message: `${describeEdition(edition)} is held past its release`,
    remedy: 'release or cancel it: its readers wait',
    href: editionHref(edition),
  }))
}

/**
 * Editions that should have been made, if they have papers and are not released. Papers that came after the close, as on a first
 * start, make the edition late only from then on: a worker has to have had the time.
 */
export async function missingEditions({ db, config, now }: AttentionDeps): Promise<Attention[]> {
  const found: Attention[] = []
  for (const { kind, date } of editionsToMake(now(), config.EDITION_CLOSE_HOUR_UTC)) {
    const until = daysLater(date, kind === 'weekly' ? 7 : 1)
    const [row] = await query(db, { state: text.nullable(), held: bool.nullable(), due: moment })`
      SELECT e.state, e.held, d.due
      FROM (SELECT min(p.created_at) AS first FROM papers p
        ${listedIn(sql`p.list_day >= ${date}::date AND p.list_day < ${until}::date`)} AND NOT (p.announced AND ${hasVotedSource(config)})) AS p
      LEFT JOIN editions e ON e.kind = ${kind} AND e.date = ${date}
      CROSS JOIN LATERAL (SELECT greatest(p.first, coalesce(e.release_at, ${until}::timestamp AT TIME ZONE 'UTC' + make_interval(
        hours => ${config.EDITION_CLOSE_HOUR_UTC}, mins => ${config.EDITION_RELEASE_DELAY_MINUTES}))) AS due) AS d
      WHERE p.first IS NOT NULL AND d.due < ${now()}::timestamptz - ${LATE}::interval`
    if (!row || row.held || (row.state !== null && row.state !== 'draft')) continue
    const { due } = row
    found.push({
      name: 'edition_missing',
      about: about({ kind, date }),
      part: 'Edition',
      state: 'error',
      since: due,
      message:
        row.state === 'draft'
          ? `${describeEdition({ kind, date })} is still a draft past its release`
          : `${describeEdition({ kind, date })} does not exist, although its list has papers and is closed`,
      remedy: 'check that a worker runs, and read its log. Or assemble and release it by hand',
      href: editionHref({ kind, date }),
    })
  }
  return found
}

/** How long a finished edition's lost deliveries are shown. */
const RECENT = '2 days'

/** Unknown and expired deliveries of editions in progress or finished within two days. */
export async function lostDeliveries({ db, config, now }: AttentionDeps): Promise<Attention[]> {
  const columns = {
    ...Key,
    unknown: number,
    expired: number,
    unknownAt: moment.nullable(),
    expiredAt: moment.nullable(),
  }
  const rows = await query(db, columns)`
    SELECT e.kind, e.date::text, count(*) FILTER (WHERE d.state = 'unknown')::int AS unknown,
      count(*) FILTER (WHERE d.state = 'expired')::int AS expired,
      min(d.settled_at) FILTER (WHERE d.state = 'unknown') AS unknown_at,
      min(d.settled_at) FILTER (WHERE d.state = 'expired') AS expired_at
    FROM editions e JOIN deliveries d ON d.edition_id = e.id
    WHERE ((${SENDABLE_EDITION} AND e.state <> 'sent') OR e.state = 'paused' OR e.sent_at > ${now()}::timestamptz - ${RECENT}::interval)
      AND (d.state = 'expired' OR (d.state = 'unknown' AND NOT ${deliveryNeedsAttempt(config.UNKNOWN_POLICY)}))
    GROUP BY e.kind, e.date ORDER BY e.date, e.kind`
  return rows.flatMap((row) => {
    const common = { about: about(row), part: 'Deliveries', state: 'warning' as const, href: editionHref(row) }
    const readers = (count: number) => counted(count, 'delivery', 'deliveries')
    const found: Attention[] = []
    if (row.unknown > 0)
      found.push({
        ...common,
        name: 'deliveries_unknown',
        since: row.unknownAt,
        message: `${readers(row.unknown)} of ${describeEdition(row)} may or may not have arrived`,
        remedy: `npm run paperboy -- edition unknown ${editionOptions(row)} lists them by Message-ID; search the relay's log for them`,
      })
    if (row.expired > 0)
      found.push({
        ...common,
        name: 'deliveries_expired',
        since: row.expiredAt,
        message: `${readers(row.expired)} of ${describeEdition(row)} were deferred until it was too late`,
        remedy: 'read the replies of their servers, and check the relay; DIGEST_EXPIRY_HOURS is the limit',
      })
    return found
  })
}
