import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { sql } from 'drizzle-orm'
import { choosePort } from '../../src/embedded/port.ts'
import { mintToken } from '../../src/mail/tokens.ts'
import { bigint, bytes, number, query, queryOne, text } from '../../src/runtime/db/query.ts'
import { makeProof } from '../support/proof.ts'
import { endsWithUs } from './support/ends-with-us.ts'
import { cpuOf, PROJECT_FLAGS, startSink } from './support/run.ts'
import { isFlat, slopeOf } from './support/slope.ts'
import { openStage, type Stage } from './support/stage.ts'
import { printTable } from './support/table.ts'

const help = `npm run bench -- soak [--minutes 30] [--rate 1]

Runs an api and a worker process under steady, light load: sign-ups, confirmations that send a first digest, pages, votes, and polls of
the list's votes. Samples memory, connections, bloat, queue and temporary files sixty times, and prints the slope of each per hour after
the first third, which counts as warm-up. --rate multiplies the load.`

const SAMPLES = 60
const TOKEN = 'token-of-the-soak-bench'

/** Measures what grows while the service runs. */
export async function bench(args: string[], stack: AsyncDisposableStack): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      minutes: { type: 'string', default: '30' },
      rate: { type: 'string', default: '1' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return console.log(help)
  const stage = await openStage(stack)
  const service = await startService(stage, stack)
  const end = Date.now() + Number(values.minutes) * 60_000
  const load = startLoad(stage, service.url, Number(values.rate), end)
  const samples: Sample[] = []
  const began = Date.now()
  while (Date.now() < end) {
    await delay((Number(values.minutes) * 60_000) / SAMPLES)
    samples.push({ hours: (Date.now() - began) / 3_600_000, values: await sample(stage, service) })
  }
  const done = await load
  report(samples, done, (cpuOf(service.api) + cpuOf(service.worker)) / ((Date.now() - began) / 1000))
}

interface Service {
  api: number
  worker: number
  url: string
  workerMetrics: string
  /** folder of its temporary files */
  temporary: string
}

interface Sample {
  hours: number
  values: Record<string, number>
}

async function startService(stage: Stage, stack: AsyncDisposableStack): Promise<Service> {
  const { port: sink } = await startSink(stack, { postfix: false })
  const [port, metrics] = [await choosePort(undefined), await choosePort(undefined)]
  const temporary = join(stage.folder, 'temporary')
  mkdirSync(temporary)
  const env = {
    ...stage.env,
    TMPDIR: temporary,
    ...{ SMTP_URL: `smtp://127.0.0.1:${sink}`, HOST: '127.0.0.1', PORT: String(port), METRICS_TOKEN: TOKEN },
    ...{ WORKER_METRICS_PORT: String(metrics), PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '/' },
    ...{ SIGN_UPS_PER_NETWORK: '1000000', SIGN_UPS_PER_DOMAIN: '1000000', SIGN_UPS_IN_ALL: '1000000' },
  }
  const begin = (flags: string[], script: string) => {
    const child = endsWithUs(
      spawn(process.execPath, [...flags, script], { env, stdio: ['ignore', 'inherit', 'inherit'] }),
    )
    stack.defer(async () => {
      child.kill('SIGTERM')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    })
    return child.pid!
  }
  const api = begin(PROJECT_FLAGS.api, 'src/api.ts')
  const worker = begin(PROJECT_FLAGS.worker, 'workers/main.ts')
  const url = `http://127.0.0.1:${port}`
  for (let tries = 0; tries < 300; tries++) {
    const ready = await fetch(`${url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    )
    if (ready) return { api, worker, url, workerMetrics: `http://127.0.0.1:${metrics}/metrics`, temporary }
    await delay(200)
  }
  throw new Error('The service does not get ready.')
}

type Done = Record<'sign-ups' | 'confirmed' | 'pages' | 'votes' | 'polls' | 'failed', number>

/** Runs each kind of work at its pace until `end`. @returns how often each was done */
async function startLoad(stage: Stage, url: string, rate: number, end: number): Promise<Done> {
  const { db, config, keys } = stage.services
  const done: Done = { 'sign-ups': 0, confirmed: 0, pages: 0, votes: 0, polls: 0, failed: 0 }
  const papers = await query(db, { id: bigint, sourceId: text })`SELECT id, source_id FROM papers ORDER BY id LIMIT 50`
  const paths = ['/', '/papers', '/topics', '/search?q=learning', '/feed.xml', '/editions', '/trends', '/about']
  const pages = [...paths, ...papers.map(({ sourceId }) => `/papers/${sourceId}`)]
  const post = async (path: string, form: Record<string, string>) => {
    const body = new URLSearchParams(form)
    const reply = await fetch(`${url}${path}`, { method: 'POST', redirect: 'manual', body })
    await reply.arrayBuffer()
    if (reply.status >= 400) throw new Error(`${path.split('/')[1]} answers ${reply.status}`)
  }
  const signUp = async () => {
    const proof = await makeProof(config.SECRET_KEY, new Date(Date.now() - 60_000))
    const email = `soak-${done['sign-ups']}@reader.example`
    await post('/subscribe', { email, zone: 'Europe/Berlin', proof, comment: '' })
    done['sign-ups']++
  }
  const Pending = { id: bigint, nonce: bytes, at: text }
  const confirm = async () => {
    const pending = await query(db, Pending)`
      SELECT id, confirm_nonce AS nonce, requested_at::text AS at FROM subscribers
      WHERE status = 'pending' AND requested_at < now() - interval '10 s' ORDER BY id LIMIT 20`
    for (const { id, nonce, at } of pending) {
      await post(`/confirm/${mintToken(keys, 'confirm', id, new Date(at), nonce)}`, {})
      done.confirmed++
    }
  }
  const view = async () => {
    const reply = await fetch(`${url}${pages[done.pages % pages.length]}`)
    await reply.arrayBuffer()
    if (!reply.ok) throw new Error(`a page answers ${reply.status}`)
    done.pages++
  }
  const vote = async () => {
    const [reader] = await query(db, { id: bigint })`
      SELECT id FROM subscribers WHERE status = 'active' AND id >= (SELECT (random() * max(id))::bigint FROM subscribers) LIMIT 1`
    const paper = papers[done.votes % papers.length]!
    if (!reader) return
    await post(`/papers/${paper.sourceId}/vote/${mintToken(keys, 'vote', reader.id, new Date())}`, {})
    done.votes++
  }
  const poll = async () => {
    await db.execute(sql`
      INSERT INTO signals (paper_id, observed_at, votes, comments, stars, origin)
      SELECT id, now(), ${done.polls}, 0, NULL, 'hf' FROM papers ORDER BY id LIMIT 30 ON CONFLICT DO NOTHING`)
    done.polls++
  }
  const keepOn = async (perSecond: number, work: () => Promise<void>) => {
    while (Date.now() < end) {
      await work().catch((error) => {
        done.failed++
        if (done.failed < 10) console.error(String(error))
      })
      await delay(1000 / perSecond / rate)
    }
  }
  await Promise.all([keepOn(1, signUp), keepOn(0.2, confirm), keepOn(3, view), keepOn(1, vote), keepOn(1 / 60, poll)])
  return done
}

/** Returns the memory of a process in MB. V8 resizes its heap with the load: only growing use of it, or growth outside it, can be a leak. */
async function memoryOf(name: string, pid: number, metrics: string): Promise<Record<string, number>> {
  const page = await fetch(metrics, { headers: { authorization: `Bearer ${TOKEN}` } }).then((reply) => reply.text())
  const metric = (key: string) =>
    Number(new RegExp(`^\\w*nodejs_${key}_bytes\\S* (\\S+)`, 'm').exec(page)?.[1]) / 2 ** 20
  const resident = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024
  return {
    [`${name} RSS, MB`]: resident,
    [`${name} heap in use, MB`]: metric('heap_size_used'),
    [`${name} heap, MB`]: metric('heap_size_total'),
    [`${name} buffers, MB`]: metric('external_memory'),
    [`${name} RSS without the heap, MB`]: resident - metric('heap_size_total'),
  }
}

async function sample({ services: { db } }: Stage, { api, worker, url, workerMetrics, temporary }: Service) {
  const openFiles = (pid: number) => readdirSync(`/proc/${pid}/fd`).length
  const database = await queryOne(db, {
    connections: bigint,
    dead: number,
    tempBytes: bigint,
    queued: bigint,
    jobs: bigint,
  })`
    SELECT (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()) AS connections,
      coalesce((SELECT 100.0 * sum(n_dead_tup) / nullif(sum(n_live_tup + n_dead_tup), 0) FROM pg_stat_user_tables), 0)::float AS dead,
      (SELECT temp_bytes FROM pg_stat_database WHERE datname = current_database()) AS temp_bytes,
      (SELECT count(*) FROM outbox WHERE state = 'queued') + (SELECT count(*) FROM batches WHERE state <> 'done') AS queued,
      coalesce((SELECT sum(n_live_tup) FROM pg_stat_user_tables WHERE schemaname = 'bullmq'), 0) AS jobs`
  return {
    ...(await memoryOf('api', api, `${url}/metrics`)),
    'api open files': openFiles(api),
    ...(await memoryOf('worker', worker, workerMetrics)),
    'worker open files': openFiles(worker),
    'database connections': database.connections,
    'dead rows, %': database.dead,
    'emails and batches waiting': database.queued,
    'rows of the queue': database.jobs,
    'temporary files written by PostgreSQL, MB': database.tempBytes / 1e6,
    'temporary files of ours': readdirSync(temporary, { recursive: true }).length,
  }
}

function report(samples: Sample[], done: Done, load: number): void {
  console.log(
    Object.entries(done)
      .map(([name, count]) => `${count} ${name}`)
      .join(', '),
  )
  console.log(`api and worker used ${(100 * load).toFixed(0)} % of a core\n`)
  const settled = samples.slice(Math.floor(samples.length / 3))
  const hours = settled.map((each) => each.hours)
  printTable([
    ['measure', 'first', 'mean', 'last', 'slope an hour', '±', ''],
    ...Object.keys(settled[0]!.values).map((name) => {
      const values = settled.map((each) => each.values[name]!)
      const slope = slopeOf(hours, values)
      const numbers = [samples[0]!.values[name]!, slope.mean, values.at(-1)!, slope.perHour, slope.spread]
      return [name, ...numbers.map((each) => each.toFixed(2)), isFlat(slope) ? 'flat' : 'GROWS']
    }),
  ])
}
