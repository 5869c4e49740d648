import { isWeekend } from '../calendar/days.ts'
import { fromBitmap } from '../delivery/ledger/shown-bitmap.ts'
import type { Db } from '../runtime/db/database.ts'
import { bigint, bytes, moment, query, text } from '../runtime/db/query.ts'
import { expectedDigests, type ReleasedEdition } from './expected-digests.ts'
import type { SimulatedReader } from './readers.ts'
import type { ReceivedEmail } from './relay.ts'
import { type Observed, type Simulation, STEP_MS } from './run.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** Defaults of DIGEST_FRESHNESS_HOURS, and how often an unknown outcome is tried in all. */
const FRESHNESS_HOURS = 12
const MOST_ATTEMPTS = 4

/** A rule of the design, and each case that broke it. */
export interface RuleResult {
  rule: string
  /** how many cases were looked at */
  checked: number
  broken: string[]
}

/** Checks the observations from outside, and the ledger, against the rules. */
export async function checkRules(db: Db, simulation: Simulation, observed: Observed): Promise<RuleResult[]> {
  const editions = await readEditions(db)
  const byReader = Map.groupBy(observed.received, ({ to }) => to)
  return [
    repeatedOnlyWhenUnknown(observed),
    silentAfterLeaving(simulation, observed, byReader),
    neverActivated(simulation, observed, byReader),
    everyDueDigest(simulation, observed, byReader, editions),
    everyWeekdayList(simulation, byReader, editions),
    ...(await ledgerRules(db, observed)),
  ]
}

/** Rules 1 and 2: a second hand-over only after an unknown outcome, under the same Message-ID. */
function repeatedOnlyWhenUnknown({ received }: Observed): RuleResult {
  const digests = Map.groupBy(
    received.filter(({ edition }) => edition),
    ({ to, edition }) => `${edition!.kind} ${edition!.date} to ${to}`,
  )
  const broken = [...digests].flatMap(([name, all]) => {
    const ids = new Set(all.map(({ messageId }) => messageId)).size
    const answered = all.slice(0, -1).filter(({ unanswered }) => !unanswered).length
    if (ids > 1) return [`${name} has ${ids} Message-IDs`]
    if (answered > 0) return [`${name} came again after an accepted one`]
    return all.length > MOST_ATTEMPTS ? [`${name} came ${all.length} times`] : []
  })
  return { rule: 'no reader gets an edition twice, except after an unknown outcome', checked: digests.size, broken }
}

/** Rule 3. */
function silentAfterLeaving(
  { readers }: Simulation,
  { events }: Observed,
  byReader: Map<string, ReceivedEmail[]>,
): RuleResult {
  const left = readers.filter(({ email }) => events.has(email))
  const broken = left.flatMap(({ email, event }) =>
    (byReader.get(email) ?? [])
      .filter(({ at }) => at > events.get(email)!)
      .map(({ at }) => `${email} got an email at ${at.toISOString()}, after: ${event!.what}`),
  )
  return { rule: 'no reader is emailed after leaving', checked: left.length, broken }
}

/** Rule 13, and double opt-in. */
function neverActivated(
  { readers }: Simulation,
  { confirmed }: Observed,
  byReader: Map<string, ReceivedEmail[]>,
): RuleResult {
  const optedOut = readers.filter(({ origin }) => origin === 'import, opted out')
  const unconfirmed = readers.filter(({ origin, email }) => origin === 'form' && !confirmed.has(email))
  const digestsOf = ({ email }: SimulatedReader) => (byReader.get(email) ?? []).filter(({ edition }) => edition)
  const broken = [
    ...optedOut.filter(({ email }) => byReader.has(email)).map(({ email }) => `${email} opted out elsewhere`),
    ...unconfirmed.filter((reader) => digestsOf(reader).length > 0).map(({ email }) => `${email} never confirmed`),
  ]
  return { rule: 'no address is emailed without consent', checked: optedOut.length + unconfirmed.length, broken }
}

/** Each due day one digest, at the reader's hour. */
function everyDueDigest(
  simulation: Simulation,
  { events, confirmed, received }: Observed,
  byReader: Map<string, ReceivedEmail[]>,
  editions: readonly ReleasedEdition[],
): RuleResult {
  const { start, days, readers, relayDown, workerDown } = simulation
  const end = new Date(start.getTime() + days * DAY_MS)
  const broken: string[] = []
  let checked = 0
  for (const reader of readers) {
    const { email, origin, cadence, pausedUntil } = reader
    if (cadence === 'weekdays' || origin === 'import, opted out') continue
    const began = origin === 'import' ? start : confirmed.get(email)
    if (!began) continue
    const until = events.get(email) ?? end
    const digests = (byReader.get(email) ?? []).filter(({ edition }) => edition)
    const firsts = new Map<string, Date>()
    for (const { at, edition } of digests) if (!firsts.has(edition!.date)) firsts.set(edition!.date, at)
    // A new reader's first digest comes at once, and the next ones from the next day.
    const from = origin === 'import' ? began : new Date(began.getTime() + DAY_MS)
    // The end of a pause may be the reader's hour.
    const after = new Date(Math.max(+from, pausedUntil ? +pausedUntil - 1 : 0))
    const wanted = expectedDigests({ ...reader, cadence }, editions, after, until)
    for (const { edition, due } of wanted) {
      const ready = Math.max(due.getTime(), edition.releasedAt.getTime())
      if (isMissed(due, workerDown)) continue
      // A digest due just before the end may still wait for a second attempt.
      const latest = latestAfter(ready, [relayDown, workerDown])
      if (latest > until.getTime()) continue
      checked++
      const came = firsts.get(edition.date)
      firsts.delete(edition.date)
      const name = `${email}, ${edition.kind} ${edition.date}, due ${due.toISOString()} (${reader.zone})`
      if (!came) broken.push(`${name}: never came`)
      else if (origin === 'import' && came.getTime() < ready)
        broken.push(`${name}: came early, at ${came.toISOString()}`)
      else if (came.getTime() > latest) broken.push(`${name}: came late, at ${came.toISOString()}`)
    }
    // A reader of the form gets one at once, which a relay may put off. Emails of a step come before what readers do in it.
    const due = expectedDigests({ ...reader, cadence }, editions, began, new Date(until.getTime() + 1))
    for (const [date, at] of firsts)
      if (at > from && !due.some(({ edition }) => edition.date === date))
        broken.push(`${email} (${reader.zone}): the edition of ${date} came at ${at.toISOString()} and was not due`)
    if (pausedUntil && digests.some(({ at }) => at < pausedUntil)) broken.push(`${email}: got a digest during a pause`)
  }
  if (received.length === 0) broken.push('nothing was received')
  return { rule: 'each due day brings one digest, at the hour of the reader’s clock', checked, broken }
}

const isMissed = (due: Date, { from, to }: Simulation['workerDown']): boolean =>
  due >= from && due.getTime() <= to.getTime() - FRESHNESS_HOURS * HOUR_MS

/** Returns until when a digest may come that is ready at a moment: with a second attempt, and after an outage. */
function latestAfter(ready: number, outages: readonly Simulation['relayDown'][]): number {
  const patience = 2 * HOUR_MS
  // A digest that an outage has put off several times waits longer for its next attempt.
  const afterOutage = 5 * HOUR_MS
  const hit = outages.find(({ from, to }) => ready + patience >= from.getTime() && ready < to.getTime())
  return (hit ? Math.max(hit.to.getTime(), ready) + afterOutage : ready + patience) + STEP_MS
}

/** Weekdays readers get each list of Monday to Friday once. */
function everyWeekdayList(
  { start, days, readers, workerDown }: Simulation,
  byReader: Map<string, ReceivedEmail[]>,
  editions: readonly ReleasedEdition[],
): RuleResult {
  const lists = editions.filter(
    ({ kind, date, closesAt }) =>
      kind === 'daily' &&
      !isWeekend(date) &&
      closesAt.getTime() > start.getTime() + 4 * DAY_MS &&
      closesAt.getTime() < start.getTime() + (days - 6) * DAY_MS &&
      // A list of these days may be missed with its hour.
      Math.abs(closesAt.getTime() - workerDown.from.getTime()) > 3 * DAY_MS,
  )
  const own = readers.filter(
    ({ cadence, origin, event, pausedUntil }) =>
      cadence === 'weekdays' && origin === 'import' && !event && !pausedUntil,
  )
  const broken = own.flatMap(({ email, zone }) => {
    const got = new Set((byReader.get(email) ?? []).flatMap(({ edition }) => edition?.date ?? []))
    return lists.filter(({ date }) => !got.has(date)).map(({ date }) => `${email} (${zone}) did not get ${date}`)
  })
  return { rule: 'weekdays readers get every list of Monday to Friday', checked: own.length * lists.length, broken }
}

async function ledgerRules(db: Db, { received }: Observed): Promise<RuleResult[]> {
  const rows = await query(db, { edition: text, state: text, editionState: text, count: bigint })`
    SELECT e.kind || ' ' || e.date AS edition, d.state::text, e.state::text AS edition_state, count(*)
    FROM deliveries d JOIN editions e ON e.id = d.edition_id GROUP BY 1, 2, 3`
  const open = rows.filter(
    ({ state, editionState }) => editionState === 'sent' && ['queued', 'handed', 'deferred'].includes(state),
  )
  const arrived = new Set(
    received.flatMap(({ to, edition }) => (edition ? [`${edition.kind} ${edition.date} ${to}`] : [])),
  ).size
  const accepted = rows.filter(({ state }) => ['accepted', 'unknown'].includes(state))
  const counted = accepted.reduce((sum, { count }) => sum + count, 0)
  const repeats = await repeatedPapers(db)
  return [
    {
      rule: 'a sent edition has no open delivery',
      checked: rows.length,
      broken: open.map(({ edition, state, count }) => `${edition}: ${count} ${state}`),
    },
    {
      rule: 'the ledger counts what the relay received',
      checked: arrived,
      broken: counted === arrived ? [] : [`the ledger has ${counted}, the relay ${arrived}`],
    },
    repeats,
  ]
}

/** Rule 6. */
async function repeatedPapers(db: Db): Promise<RuleResult> {
  const placed = await query(db, { editionId: bigint, position: bigint, paperId: bigint, section: text })`
    SELECT edition_id, position::bigint, paper_id, section FROM edition_papers`
  const paperAt = new Map(placed.map((each) => [`${each.editionId} ${each.position}`, each]))
  const rows = await query(db, { editionId: bigint, subscriberId: bigint, shown: bytes, at: moment })`
    SELECT d.edition_id, d.subscriber_id, d.shown, d.handed_at AS at FROM deliveries d
    WHERE d.state = 'accepted' AND d.shown IS NOT NULL ORDER BY d.handed_at`
  const seen = new Set<string>()
  const broken: string[] = []
  for (const { editionId, subscriberId, shown } of rows) {
    for (const position of fromBitmap(shown)) {
      const { paperId, section } = paperAt.get(`${editionId} ${position}`)!
      const key = `${subscriberId} ${paperId}`
      if (seen.has(key) && section !== 'rising') broken.push(`reader ${subscriberId} got paper ${paperId} again`)
      seen.add(key)
    }
  }
  return { rule: 'no reader gets a paper twice, except as still rising', checked: seen.size, broken }
}

async function readEditions(db: Db): Promise<ReleasedEdition[]> {
  const rows = await query(db, { kind: text, date: text, closesAt: moment, releasedAt: moment })`
    SELECT kind::text, date::text, closes_at, released_at FROM editions WHERE released_at IS NOT NULL ORDER BY closes_at`
  return rows.map((row) => ({ ...row, kind: row.kind as 'daily' | 'weekly' }))
}
