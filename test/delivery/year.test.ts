import { sql } from 'drizzle-orm'
import { expect } from 'vitest'
import { planDue } from '../../src/delivery/plan/plan-due.ts'
import type { Db } from '../../src/runtime/db/database.ts'
import { test } from '../support/database.ts'
import { servicesOn } from '../support/services.ts'

/** Plans a year of editions for readers all over the world as a worker does: one digest on every due day. */

const ZONES =
  `Pacific/Pago_Pago Pacific/Honolulu America/Anchorage America/Los_Angeles America/Denver America/Chicago America/New_York
  America/Santiago America/Halifax America/St_Johns America/Sao_Paulo America/Nuuk Atlantic/Azores Europe/London UTC Africa/Casablanca
  Europe/Berlin Africa/Cairo Asia/Beirut Europe/Moscow Asia/Tehran Asia/Dubai Asia/Kolkata Asia/Kathmandu Asia/Dhaka Asia/Shanghai
  Asia/Tokyo Australia/Lord_Howe Pacific/Chatham Pacific/Kiritimati`.split(/\s+/)
const HOURS = [8, 0, 23, 6, 12, 2, 18]
const DAY = 86_400_000
const dayOf = (at: number) => new Date(at).toISOString().slice(0, 10)

/** Three readers a zone, one of each cadence, at different hours and weekdays. */
const addReaders = (db: Db, from: string) =>
  db.execute(sql`
    INSERT INTO subscribers (email, email_key, status, zone, hour, cadence, weekday, next_digest_at)
    SELECT name, name, 'active', zone, hour, cadence, weekday, next_digest_at(zone, hour, cadence, weekday, ${from}::timestamptz)
    FROM (
      SELECT zone || ' ' || cadence AS name, zone, cadence, (${sql.param(HOURS)}::int[])[1 + place % 7] AS hour, (1 + place % 7)::int AS weekday
      FROM unnest(${sql.param(ZONES)}::text[]) WITH ORDINALITY AS z (zone, place), unnest(enum_range(NULL::cadence)) AS cadence
    ) AS reader`)

/** A draft edition of every list day and of every week, to be released an hour after it closes. */
async function addEditions(db: Db, from: string, to: string, without: string[] = []) {
  await db.execute(sql`
    WITH days AS (
      SELECT day::date FROM generate_series(${from}::date, ${to}::date, '1 day') AS day WHERE NOT day::date = ANY(${sql.param(without)}::date[])
    ), list AS (
      INSERT INTO papers (source, source_id, title, abstract, list_day, list_position, raw) SELECT 'test', day, 'T', 'A', day, 0, '{}' FROM days
    ), edition AS (
      SELECT 'daily'::edition_kind AS kind, day AS date, day + 1 AS closes FROM days
      UNION ALL SELECT 'weekly', day, day + 7 FROM days WHERE extract(isodow FROM day) = 1
    )
    INSERT INTO editions (kind, date, closes_at, release_at, assembled_at, message_key)
    SELECT kind, date, closes + time '02:00' AT TIME ZONE 'UTC', closes + time '03:00' AT TIME ZONE 'UTC', now(), '' FROM edition ORDER BY closes, kind`)
  await db.execute(sql`SELECT ensure_delivery_partition(id) FROM editions`)
}

/** Planning times: before a list closes, while readers wait for its edition, after its release, and once more. */
const MOMENTS = ['01:59', '02:30', '03:01', '14:00']
/** Only the release changes between these. Readers due in between are planned as at their hour, none too late. */
const FEWEST_MOMENTS = ['01:59', '13:59']
/** All of them on Sundays, when most clocks change. */
const mostly = (day: Date) => (day.getUTCDay() === 0 ? MOMENTS : FEWEST_MOMENTS)

interface Run {
  isDown?: (at: Date) => boolean
  momentsOf?: (day: Date) => string[]
}

async function run(db: Db, from: string, to: string, { isDown = () => false, momentsOf = mostly }: Run = {}) {
  const at = { now: new Date(from) }
  const services = servicesOn(db, {}, at)
  for (let day = Date.parse(from); day <= Date.parse(to); day += DAY) {
    for (const time of momentsOf(new Date(day))) {
      at.now = new Date(`${dayOf(day)}T${time}:00Z`)
      if (isDown(at.now)) continue
      await db.execute(
        sql`UPDATE editions SET state = 'released', released_at = ${at.now} WHERE state = 'draft' AND release_at <= ${at.now}`,
      )
      await planDue(services)
    }
  }
}

interface Year {
  name: string
  cadence: 'daily' | 'weekdays' | 'weekly'
  weekday: number
  /** in the reader's time zone */
  days: string[]
  lists: string[]
  missed: string | null
}

const yearsOf = async (db: Db): Promise<Year[]> =>
  (
    await db.execute<Year & Record<string, unknown>>(sql`
      SELECT s.email AS name, s.cadence, s.weekday, (s.missed_at AT TIME ZONE s.zone)::date::text AS missed,
        array_agg(((d.expires_at - interval '20 hours') AT TIME ZONE s.zone)::date::text ORDER BY d.expires_at) AS days,
        array_agg(e.date::text ORDER BY d.expires_at) AS lists
      FROM subscribers s JOIN deliveries d ON d.subscriber_id = s.id JOIN editions e ON e.id = d.edition_id
      GROUP BY s.id ORDER BY s.id`)
  ).rows

/** The days on which a reader should get a digest, by the calendar alone. */
function dueDays({ cadence, weekday }: Pick<Year, 'cadence' | 'weekday'>, from: string, to: string): string[] {
  const due: string[] = []
  for (let day = Date.parse(from); day <= Date.parse(to); day += DAY) {
    const isoDay = new Date(day).getUTCDay() || 7
    if (cadence === 'daily' || (cadence === 'weekdays' ? isoDay <= 5 : isoDay === weekday)) due.push(dayOf(day))
  }
  return due
}
const within = (days: string[], from: string, to: string) => days.filter((day) => day >= from && day <= to)

test('a leap year in 30 zones: exactly one digest on every due day, and every list once', { timeout: 300_000 }, async ({
  db,
}) => {
  await addEditions(db, '2027-12-13', '2029-01-10')
  await addReaders(db, '2028-01-02T12:00:00Z')
  await run(db, '2028-01-02', '2029-01-06')
  const years = await yearsOf(db)
  expect(years).toHaveLength(90)
  for (const reader of years) {
    // One day less at either end, because of time zones.
    const [from, to] = ['2028-01-04', '2029-01-04'] as const
    const { name, days, lists, missed } = reader
    expect({ name, days: within(days, from, to), missed }).toEqual({
      name,
      days: dueDays(reader, from, to),
      missed: null,
    })
    expect({ name, twice: lists.length - new Set(lists).size }).toEqual({ name, twice: 0 })
    if (reader.cadence === 'weekly') continue
    const every = dueDays(reader, '2028-01-10', '2028-12-20')
    expect({ name, lists: within(lists.toSorted(), '2028-01-10', '2028-12-20') }).toEqual({ name, lists: every })
  }
})

test('a weekdays reader’s Monday is Friday’s list everywhere; east of UTC+6 Tuesday brings Thursday’s', async ({
  db,
}) => {
  await addEditions(db, '2028-02-28', '2028-03-24')
  await addReaders(db, '2028-03-05T00:00:00Z')
  await db.execute(
    sql`UPDATE subscribers SET hour = 8, next_digest_at = next_digest_at(zone, 8, cadence, weekday, '2028-03-05T00:00:00Z')`,
  )
  await run(db, '2028-03-05', '2028-03-18')
  for (const { name, days, lists } of await yearsOf(db)) {
    const week = ['2028-03-13', '2028-03-14', '2028-03-15', '2028-03-16', '2028-03-17']
    const got = week.map((day) => lists[days.indexOf(day)])
    if (name === 'Europe/Berlin weekdays') {
      expect(got).toEqual(['2028-03-10', '2028-03-13', '2028-03-14', '2028-03-15', '2028-03-16'])
    }
    if (name === 'Asia/Tokyo weekdays') {
      expect(got).toEqual(['2028-03-10', '2028-03-09', '2028-03-13', '2028-03-14', '2028-03-15'])
    }
    if (name.endsWith('weekdays')) expect({ name, monday: got[0] }).toEqual({ name, monday: '2028-03-10' })
  }
})

test('a day without a list costs every reader that one digest and no other', async ({ db }) => {
  await addEditions(db, '2028-02-28', '2028-03-31', ['2028-03-15'])
  await addReaders(db, '2028-03-05T00:00:00Z')
  await run(db, '2028-03-05', '2028-03-28')
  for (const reader of await yearsOf(db)) {
    const [from, to] = ['2028-03-07', '2028-03-24'] as const
    const { name, days, missed } = reader
    const due = dueDays(reader, from, to)
    const fewer = reader.cadence === 'weekly' ? 0 : 1
    expect({ name, digests: within(days, from, to).length, missed }).toEqual({
      name,
      digests: due.length - fewer,
      missed: null,
    })
    expect(new Set(days).size, name).toBe(days.length)
  }
})

test('after an outage, readers whose hour was less than 12 hours ago are served; the others get a notice', async ({
  db,
}) => {
  await addEditions(db, '2028-02-28', '2028-03-31')
  await addReaders(db, '2028-03-05T00:00:00Z')
  const back = new Date('2028-03-15T14:00:00Z')
  await run(db, '2028-03-05', '2028-03-24', {
    isDown: (at) => at >= new Date('2028-03-14T10:00:00Z') && at < back,
    momentsOf: () => MOMENTS,
  })
  let told = 0
  for (const reader of await yearsOf(db)) {
    const { name, days, missed } = reader
    const [from, to] = ['2028-03-07', '2028-03-20'] as const
    const lacking = dueDays(reader, from, to).filter((day) => !days.includes(day))
    expect(new Set(days).size, name).toBe(days.length)
    // Down from 03:01 to 14:00 of the next day, with 12 hours served late: every reader missed at most one digest, with a notice.
    expect({ name, lacking }).toEqual({ name, lacking: missed ? [missed] : [] })
    if (missed) told++
  }
  expect(told).toBeGreaterThan(20)
})
