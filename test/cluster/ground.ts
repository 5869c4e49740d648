import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { progressOf } from '../../src/delivery/ledger/progress.ts'
import { planAll } from '../../src/delivery/plan/plan-all.ts'
import { readEnvironment, requireComplete } from '../../src/runtime/config/config.ts'
import { migrate } from '../../src/runtime/db/database.ts'
import { openServices } from '../../src/runtime/open-services.ts'
import type { Services } from '../../src/runtime/services.ts'
import { addMore } from '../faults/ground.ts'
import { judge, type Policy, type Verdict } from '../faults/judge.ts'
import { openRecordingRelay, type RecordingRelay } from '../faults/recording-relay.ts'
import { productionEnv, type Started, until } from '../support/processes.ts'
import { releasedEdition } from '../support/services.ts'
import { type Bouncer, startBouncer } from './bouncer.ts'
import { type Machine, type Network, openNetwork } from './network.ts'
import { type PostgresPair, type Replication, startPostgresPair } from './postgres.ts'
import { type RedisGround, startCluster, startSentinels } from './redis.ts'
import { watchPages } from './watch-pages.ts'

const CONNECTIONS = 4
const WORKERS = 3
/** The fault begins when the relay has accepted this share of the emails. */
export const FIRST_SHARE = 0.15

export interface Worker {
  machine: Machine
  process: Started
}

/** Two api processes, three workers, Redis, two PostgreSQL servers behind PgBouncer, and a relay, each on a machine of its own. */
export interface Ground {
  network: Network
  services: Services
  relay: RecordingRelay
  redis: RedisGround
  postgres: PostgresPair
  bouncer: Bouncer
  workers: Worker[]
  /** environment of the product's processes */
  env: Record<string, string>
  options: Options
  /** the machine on which the relay runs: the test's own */
  relayMachine: { address: string }
  /** how many workers may each leave 2 × connections unknown: killed, or cut off with emails in flight */
  mayRepeat: number
  /** waits until the relay has accepted this share of the emails */
  taken(share: number): Promise<void>
}

export interface Fault {
  name: string
  /** before the processes start */
  before?: (ground: Pick<Ground, 'network' | 'options'>) => Promise<Preparation>
  /** while emails are sent. Returns the worker whose return is measured, if one was cut off */
  during: (ground: Ground) => Promise<Worker | undefined>
  /** what an operator does when sending does not continue by itself; runs once nothing is sent any more */
  operator?: (ground: Ground) => Promise<void>
}

/** Differences from the usual ground. */
interface Preparation {
  primaryFolder?: string
  /** flags of Node for one of the workers */
  nodeOptions?: string
}

export interface Options {
  readers: number
  policy: Policy
  queue: 'sentinel' | 'cluster'
  replication: Replication
  pooling: 'session' | 'transaction'
  /** about how long sending takes without a fault */
  sendingMs: number
  /** of a cut */
  troubleMs: number
  /** receives each worker's emails every five seconds */
  print?: (line: string) => void
}

export interface Outcome extends Verdict {
  /** longest time without an accepted email after the fault began */
  stalledSeconds: number
  /** from the end of the fault until the affected worker sent again */
  backSeconds: number | undefined
  /** longest time without a page from any api process */
  pagesAwaySeconds: number
}

/** Sends an edition to `readers` under a fault, until no delivery is open. */
export async function undergo(fault: Fault, options: Options): Promise<Outcome> {
  await using stack = new AsyncDisposableStack()
  const network = await openNetwork(stack)
  const preparation = (await fault.before?.({ network, options })) ?? {}
  const ground = await lay(stack, network, options, preparation)
  const { services, relay } = ground
  for (let done = 0; done < options.readers; done += 5000) await addMore(services, done, options.readers)
  const editionId = await releasedEdition({ ...services, now: () => new Date() })
  // Before the relay closes.
  stack.defer(async () => {
    for (const { machine } of ground.workers) machine.powerOff()
  })
  const pages = watchPages(stack, await startProcesses(ground, preparation))
  await planAll(services, editionId)
  if (options.print) printRates(stack, ground, options.print)
  await ground.taken(FIRST_SHARE)
  const beganAt = Date.now()
  const affected = await fault.during(ground)
  const endedAt = Date.now()
  await finish(ground, editionId, fault.operator)
  const verdict = await judge(services.db, relay.accepts, options.policy, 2 * CONNECTIONS * ground.mayRepeat)
  return {
    ...verdict,
    stalledSeconds: longestGap(relay, beganAt, options.readers),
    backSeconds: affected && secondsUntilBack(relay, affected, endedAt),
    pagesAwaySeconds: pages.longestAwayMs() / 1000,
  }
}

async function lay(
  stack: AsyncDisposableStack,
  network: Network,
  options: Options,
  { primaryFolder }: Preparation,
): Promise<Ground> {
  const { readers, policy, replication, pooling, queue, sendingMs } = options
  const [redis, { postgres, bouncer }] = await Promise.all([
    queue === 'cluster' ? startCluster(stack, network) : startSentinels(stack, network),
    startPostgresPair(network, { replication, ...(primaryFolder ? { primaryFolder } : {}) }).then(async (pair) => ({
      postgres: pair,
      bouncer: await startBouncer(network, pair, pooling),
    })),
  ])
  // All connections together take about this long for all readers.
  const answerAfterMs = (sendingMs * WORKERS * CONNECTIONS) / readers
  const place = { host: network.address, answerAfterMs }
  const relay = stack.adopt(await openRecordingRelay(join(network.folder, 'accepts.jsonl'), place), (each) =>
    each.close(),
  )
  const env = productionEnv(bouncer.url, `smtp://${network.address}:${relay.port}`, {
    REDIS_URL: redis.url,
    SMTP_CONNECTIONS: String(CONNECTIONS),
    UNKNOWN_POLICY: policy,
  })
  await migrate(bouncer.url)
  const services = stack.use(
    await openServices(
      requireComplete(readEnvironment({ ...env, LOG_LEVEL: 'silent', DATA_DIR: join(network.folder, 'test') })),
    ),
  )
  return {
    ...{ network, services, relay, redis, postgres, bouncer, env, options, workers: [], mayRepeat: 0 },
    relayMachine: { address: network.address },
    async taken(share) {
      while (relay.accepts.length < share * readers) await delay(5)
    },
  }
}

/** Starts the product's processes, and waits until they work. Returns the addresses of the api processes. */
async function startProcesses(ground: Ground, { nodeOptions }: Preparation): Promise<string[]> {
  const { network, env, postgres, workers } = ground
  const started: [Started, string][] = []
  const start = (name: string, script: string, more: Record<string, string> = {}) => {
    const machine = network.machine(name)
    const own = { ...env, DATA_DIR: join(network.folder, name), PATH: process.env.PATH ?? '', ...more }
    return { machine, process: machine.start(process.execPath, [script], { env: own, hides: postgres.folder }) }
  }
  const urls = ['api1', 'api2'].map((name) => {
    const api = start(name, 'src/api.ts', { HOST: '0.0.0.0', PORT: '3000' })
    started.push([api.process, 'Server listening'])
    return `http://${api.machine.address}:3000/`
  })
  for (let n = 1; n <= WORKERS; n++) {
    const worker = start(`worker${n}`, 'workers/main.ts', n === 1 && nodeOptions ? { NODE_OPTIONS: nodeOptions } : {})
    started.push([worker.process, 'worker ready'])
    workers.push(worker)
  }
  for (const [process, words] of started) await until(process, words)
  return urls
}

/** Batches due later than this wait for a retry of minutes. The test does not wait with them. */
const LONG_WAIT_SECONDS = 90
const OPERATOR_AFTER_MS = 15_000
const PATIENCE_MS = 10 * 60_000

/** Waits until no delivery is open. */
async function finish(ground: Ground, editionId: number, operator: Fault['operator']) {
  const { services, relay, workers } = ground
  const giveUpAt = Date.now() + PATIENCE_MS
  let pending = operator
  for (let open = true; open; await delay(250)) {
    open = await progressOf(services, editionId).then(
      (progress) => progress.open > 0,
      () => true, // the database may be away
    )
    await hurry(services).catch(() => {})
    const last = relay.accepts.at(-1)?.at ?? 0
    if (pending && Date.now() - last > OPERATOR_AFTER_MS) {
      await pending(ground)
      pending = undefined
    }
    if (Date.now() > giveUpAt) throw new Error(`deliveries stay open:\n${workers.map(lastWords).join('\n\n')}`)
  }
}

const hurry = ({ db, now }: Services) =>
  db.execute(sql`
    UPDATE batches SET due_at = ${now()}
    WHERE state = 'open' AND due_at > ${now()}::timestamptz + make_interval(secs => ${LONG_WAIT_SECONDS})`)

const lastWords = ({ machine, process }: Worker) => `${machine.name}: ${process.output().slice(-3_000)}`

/** Towards the end, fewer emails than connections are left: gaps there say nothing. */
const MOST = 0.95

const PRINT_EVERY_MS = 5_000

function printRates(stack: AsyncDisposableStack, { relay, workers }: Ground, print: (line: string) => void): void {
  let seen = 0
  const began = Date.now()
  const timer = setInterval(() => {
    const latest = relay.accepts.slice(seen)
    seen += latest.length
    const counts = workers.map(({ machine }) => latest.filter(({ from }) => from === machine.address).length)
    print(`${Math.round((Date.now() - began) / 1000)} s: ${seen} accepted, lately ${counts.join(' + ')} by worker`)
  }, PRINT_EVERY_MS)
  stack.defer(async () => clearInterval(timer))
}

/** Seconds of the longest time without an accepted email, after a moment. */
function longestGap({ accepts }: RecordingRelay, since: number, readers: number): number {
  let longest = 0
  let last = since
  for (const { at } of accepts.slice(0, MOST * readers)) {
    if (at <= since) continue
    longest = Math.max(longest, at - last)
    last = at
  }
  return longest / 1000
}

/** Seconds from a moment until a worker sent an email; undefined if it never did. */
function secondsUntilBack({ accepts }: RecordingRelay, { machine }: Worker, since: number): number | undefined {
  const first = accepts.find(({ from, at }) => from === machine.address && at > since)
  return first && (first.at - since) / 1000
}
