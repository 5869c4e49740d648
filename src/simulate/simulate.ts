import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { daysLater } from '../calendar/days.ts'
import { openTemporaryDatabase } from '../embedded/temporary-database.ts'
import { fillLocalDefaults } from '../local/local-defaults.ts'
import { readEnvironment } from '../runtime/config/config.ts'
import { migrate, openPool } from '../runtime/db/database.ts'
import { openServices } from '../runtime/open-services.ts'
import type { Services } from '../runtime/services.ts'
import { importSubscribers } from '../subscription/import.ts'
import { checkRules, type RuleResult } from './check-rules.ts'
import { seededRandom } from './random.ts'
import { makeReaders, type SimulatedReader } from './readers.ts'
import { AT_ONCE, type Observed, type Simulation, simulate } from './run.ts'

const HOUR_MS = 3_600_000
/** In the five weeks after it, both hemispheres change their clocks: Auckland, Sydney, Berlin, London. */
const START = '2026-09-21'
/** Each plans its own statements, so few are faster. A batch needs two at a time. */
const CONNECTIONS = 2 * AT_ONCE + 2
/** A Thursday, like a public holiday that no calendar knows. */
const HOLIDAY = '2026-10-08'

export interface SimulationResult {
  days: DayRow[]
  votes: number
  rules: RuleResult[]
}

/** What a day brought. */
export interface DayRow {
  day: string
  digests: number
  /** first and last hour of the digests, UTC */
  hours: string
  services: number
  confirmed: number
  left: number
}

/**
 * Runs the whole service for some days of simulated time, on a temporary database and with a relay in this process, and checks the
 * rules that must always hold.
 *
 * @param seed the same seed makes the same readers and the same trouble
 * @param onDay called with each finished day
 */
export async function runSimulation(
  { readers: count, days, seed }: { readers: number; days: number; seed: number },
  onDay: (row: DayRow) => void,
): Promise<SimulationResult> {
  await using stack = new AsyncDisposableStack()
  const { url, folder } = await openTemporaryDatabase(stack)
  const random = seededRandom(seed)
  const start = new Date(`${START}T00:00:00Z`)
  const after = (hours: number) => new Date(start.getTime() + hours * HOUR_MS)
  const readers = makeReaders(count, start, days, random)
  const simulation: Simulation = {
    start,
    days,
    readers,
    holidays: new Set([HOLIDAY]),
    relayDown: { from: after(6 * 24 + 6), to: after(6 * 24 + 15) },
    workerDown: { from: after(9 * 24 + 10), to: after(10 * 24 + 1) },
  }
  const services = await openSimulated(stack, url, folder)
  await importReaders({ ...services, now: () => start }, readers, folder)
  const rows: DayRow[] = []
  const observed = await simulate(services, simulation, seed, async (midnight, seen) => {
    rows.push(describeDay(daysLater(midnight.toISOString().slice(0, 10), -1), seen))
    onDay(rows.at(-1)!)
  })
  return { days: rows, votes: observed.votes, rules: await checkRules(services.db, simulation, observed) }
}

async function openSimulated(stack: AsyncDisposableStack, url: string, folder: string): Promise<Services> {
  // Nothing of this database outlives the process, so no commit needs to wait for the disk.
  const quick = new URL(url)
  quick.searchParams.set('options', '-c synchronous_commit=off')
  const environment = readEnvironment({
    DATABASE_URL: quick.href,
    DATA_DIR: folder,
    PUBLIC_URL: 'https://paperboy.example',
    MAIL_FROM: 'Paperboy <papers@paperboy.example>',
    POSTAL_ADDRESS: '1 Press Street, Inkwell',
    LOG_LEVEL: 'silent',
  })
  const { config } = await fillLocalDefaults(environment, stack, { mailbox: 'none' })
  await migrate(config.DATABASE_URL)
  const pool = stack.adopt(
    openPool(config.DATABASE_URL, () => {}, CONNECTIONS),
    (p) => p.end(),
  )
  // No queue is used.
  const services = stack.use(await openServices(config, { lazyQueue: true, pool }))
  return {
    ...services,
    // Every job runs in its step, so nothing needs waking, and no domain is looked up.
    queues: { ...services.queues, wake: async () => {} },
    mailDomains: { signsOf: async () => ({ disposable: false, takesMail: 'yes' }) },
    relayAbility: { carriesUtf8: async () => false },
  }
}

async function importReaders(services: Services, readers: readonly SimulatedReader[], folder: string): Promise<void> {
  const header = 'email,status,zone,hour,cadence,weekday,locale,keywords,paused_until'
  const lines = readers
    .filter(({ origin }) => origin !== 'form')
    .map((reader) =>
      [
        reader.email,
        reader.origin === 'import' ? 'active' : 'unsubscribed',
        reader.zone,
        reader.hour,
        reader.cadence,
        reader.weekday,
        reader.language,
        reader.wishes ? 'speech' : '',
        reader.pausedUntil?.toISOString() ?? '',
      ].join(','),
    )
  const file = join(folder, 'readers.csv')
  await writeFile(file, [header, ...lines].join('\n'))
  await importSubscribers(services, file, { active: true, attestedBy: 'simulation', dryRun: false })
}

function describeDay(day: string, { received, confirmed, events }: Observed): DayRow {
  const begins = Date.parse(day)
  const isOn = (at: Date) => at.getTime() >= begins && at.getTime() < begins + 24 * HOUR_MS
  const today = received.filter(({ at }) => isOn(at))
  const digests = today.filter(({ edition }) => edition)
  const hours = digests.map(({ at }) => at.toISOString().slice(11, 16))
  return {
    day,
    digests: digests.length,
    hours: hours.length === 0 ? '' : `${hours[0]}–${hours.at(-1)}`,
    services: today.length - digests.length,
    confirmed: [...confirmed.values()].filter(isOn).length,
    left: [...events.values()].filter(isOn).length,
  }
}
