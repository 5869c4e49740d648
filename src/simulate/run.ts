import { setImmediate } from 'node:timers/promises'
import { assembleEditionJob } from '../../workers/assemble-edition.ts'
import { collectPapersJob } from '../../workers/collect-papers.ts'
import { deleteExpiredJob } from '../../workers/delete-expired.ts'
import { planDeliveriesJob } from '../../workers/plan-deliveries.ts'
import { recordListFactsJob } from '../../workers/record-list-facts.ts'
import { refitChanceJob } from '../../workers/refit-chance.ts'
import { releaseEditionsJob } from '../../workers/release-editions.ts'
import { settleEditionsJob } from '../../workers/settle-editions.ts'
import { tidySignUpsJob } from '../../workers/tidy-sign-ups.ts'
import { buildApp } from '../app.ts'
import { dueBatches } from '../delivery/ledger/batches.ts'
import { deliverBatch } from '../delivery/send/deliver-batch.ts'
import { type DeliveryContext, deliveryContextWith } from '../delivery/send/delivery-context.ts'
import { sendServiceEmails } from '../outbox/send-service-emails.ts'
import type { Source } from '../papers/ingest/sources/source.ts'
import type { Services } from '../runtime/services.ts'
import { outsideWorld } from './outside-world.ts'
import { simulatedSource } from './paper-lists.ts'
import { chanceByKey } from './random.ts'
import type { SimulatedReader } from './readers.ts'
import { type ReceivedEmail, simulatedRelay } from './relay.ts'

const HOUR_MS = 3_600_000
/** Short enough that no reader's hour and a list's close fall into one step. */
export const STEP_MS = HOUR_MS / 2

/** Times when part of the service is away. */
interface Outage {
  from: Date
  to: Date
}

export interface Simulation {
  start: Date
  days: number
  readers: readonly SimulatedReader[]
  holidays: ReadonlySet<string>
  relayDown: Outage
  workerDown: Outage
}

/** What happened, as seen from outside the service. */
export interface Observed {
  received: ReceivedEmail[]
  /** when each reader confirmed, by address */
  confirmed: Map<string, Date>
  /** when each reader's event took effect, by address */
  events: Map<string, Date>
  votes: number
}

const within = (at: Date, { from, to }: Outage): boolean => at >= from && at < to

/**
 * Runs the service through days of simulated time: its jobs in steps of half an hour, its pages in between.
 *
 * @param services on an empty, migrated database; their clock is replaced
 * @param seed decides the relay's trouble and the voters
 * @param onDay called with each finished day
 */
export async function simulate(
  services: Services,
  simulation: Simulation,
  seed: number,
  onDay: (day: Date, observed: Observed) => Promise<void>,
): Promise<Observed> {
  const { start, days, readers } = simulation
  let at = start
  const clock = { ...services, now: () => at }
  const dead = new Set<string>()
  const lastEmail = new Map<string, Buffer>()
  const watched = new Set(readers.filter(({ origin, event }) => event || origin === 'form').map(({ email }) => email))
  const voters: Buffer[] = []
  const chance = chanceByKey(seed)
  const relay = simulatedRelay(
    () => at,
    chance,
    { isDown: (when) => within(when, simulation.relayDown), dead, greylisted: 0.02, unanswered: 0.002 },
    (to, bytes) => {
      // The worker uses the memory again.
      if (watched.has(to)) lastEmail.set(to, Buffer.from(bytes))
      else if (chance(0.005, `votes ${to} ${at.toISOString()}`)) voters.push(Buffer.from(bytes))
    },
  )
  const observed: Observed = { received: relay.received, confirmed: new Map(), events: new Map(), votes: 0 }
  // Jobs share the process. On a busy machine their delay is no reader's load.
  const app = buildApp(clock, { shedsLoad: false })
  const world = outsideWorld(app, clock)
  const context = deliveryContextWith(clock, relay)
  const source = simulatedSource(clock.now, simulation.holidays)

  const arrivals = sortedBy(
    readers.filter(({ origin }) => origin === 'form'),
    ({ joins }) => joins,
  )
  const confirmations: { reader: SimulatedReader; at: Date }[] = []
  const events = sortedBy(
    readers.filter(({ event }) => event),
    ({ event }) => event!.at,
  )

  const readersAct = async () => {
    await someAtOnce(
      takeUntil(arrivals, ({ joins }) => joins <= at),
      async (reader) => {
        await world.signUp(reader)
        if (reader.confirmsAfterMs !== undefined)
          confirmations.push({ reader, at: new Date(at.getTime() + reader.confirmsAfterMs) })
      },
    )
    await someAtOnce([...confirmations], async (entry) => {
      const email = lastEmail.get(entry.reader.email)
      if (entry.at > at || !email) return
      await world.confirm(email)
      observed.confirmed.set(entry.reader.email, at)
      confirmations.splice(confirmations.indexOf(entry), 1)
    })
    await someAtOnce(
      takeUntil(events, ({ event }) => event!.at <= at),
      async (reader) => {
        const digest = lastEmail.get(reader.email)
        const { what } = reader.event!
        if (what === 'mailbox gone') dead.add(reader.email)
        // Someone who never got an email has nothing to react to.
        else if (!digest || (reader.origin === 'form' && !observed.confirmed.has(reader.email))) return
        else await world.act(what, reader, digest)
        observed.events.set(reader.email, at)
      },
    )
    await someAtOnce(voters.splice(0), async (digest) => {
      await world.vote(digest)
      observed.votes++
    })
  }

  try {
    for (let step = 0; step < (days * 24 * HOUR_MS) / STEP_MS; step++) {
      at = new Date(start.getTime() + step * STEP_MS)
      if (step > 0 && at.getUTCHours() === 0 && at.getUTCMinutes() === 0) await onDay(at, observed)
      if (!within(at, simulation.workerDown)) await runJobs(context, [source], at)
      await readersAct()
      await setImmediate()
    }
  } finally {
    await app.close()
  }
  return observed
}

/**
 * Runs every job that has something to do at this step, in the order in which their work depends on each other. Lists close and
 * editions are released on the hour. Only readers' hours, retries and service emails come between.
 */
async function runJobs(context: DeliveryContext & Services, sources: readonly Source[], at: Date): Promise<void> {
  const [hour, minute] = [at.getUTCHours(), at.getUTCMinutes()]
  if (minute === 0) {
    if (hour % 12 === 0) await collectPapersJob(context, sources)
    await assembleEditionJob(context, sources)
    await recordListFactsJob(context)
    await tidySignUpsJob(context)
    if (hour === 4) await refitChanceJob(context)
    if (hour === 4) await deleteExpiredJob(context)
    await releaseEditionsJob(context)
  }
  await planDeliveriesJob(context)
  await Promise.all([sendAllDue(context), sendServiceEmails(context, new AbortController().signal)])
  if (minute === 0) await settleEditionsJob(context)
}

/** Sends each due batch once. Deliveries that the relay defers are due at a later moment. */
async function sendAllDue(context: DeliveryContext & Services): Promise<void> {
  await someAtOnce(await dueBatches(context.db, context.now(), MOST_BATCHES), ({ batchId }) =>
    deliverBatch(context, batchId, new AbortController().signal),
  )
}

/** More than a step ever has: 250 readers make one. */
const MOST_BATCHES = 100_000

/** People act, and batches are sent, at the same time, but no more than the service takes at once. */
export const AT_ONCE = 4

/** Runs `act` on each value, in their order. The next one begins when one has ended. */
async function someAtOnce<T>(all: readonly T[], act: (one: T) => Promise<unknown>): Promise<void> {
  const rest = all.values()
  const next = async () => {
    for (const one of rest) await act(one)
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, all.length) }, next))
}

const sortedBy = <T>(values: T[], key: (value: T) => Date): T[] =>
  values.sort((a, b) => key(a).getTime() - key(b).getTime())

/** Removes and returns the first values of a sorted list that satisfy a condition. */
function takeUntil<T>(values: T[], isDue: (value: T) => boolean): T[] {
  const end = values.findIndex((value) => !isDue(value))
  return values.splice(0, end < 0 ? values.length : end)
}
