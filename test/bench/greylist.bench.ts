import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { sql } from 'drizzle-orm'
import { openSink, smtpReply } from '../support/sink.ts'
import { endsWithUs } from './support/ends-with-us.ts'
import { spread } from './support/rounds.ts'
import { WORKER_FLAGS } from './support/run.ts'
import { addReaders, openStage, planAfresh, type Stage } from './support/stage.ts'
import { printTable } from './support/table.ts'

const DOMAINS = 16
const GREYLISTED_OF_1000 = 25
/** The share of readers who must be served; greylisted ones wait for their retry. */
const SHARE = 0.97
/** A run that takes longer is stuck. */
const PATIENCE_MS = 10 * 60_000

const help = `npm run bench -- greylist [--readers N] [--rounds N]

How much a little greylisting slows all readers: seconds until ${SHARE * 100} % of the readers of ${DOMAINS} domains have their digest,
through a worker process, (a) without a fault, (b) while ${GREYLISTED_OF_1000 / 10} % of readers are greylisted once, (c) in the edition after that.`

interface Run {
  seconds: number
  logLines: number
}

/** Seconds and the worker's log lines of three editions, one after another on one database. */
export async function bench(args: string[], stack: AsyncDisposableStack): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      readers: { type: 'string', default: '4000' },
      rounds: { type: 'string', default: '3' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return console.log(help)
  const readers = Number(values.readers)
  const stage = await openStage(stack)
  const { db } = stage.services
  await addReaders(stage, readers)
  await db.execute(sql`
    UPDATE subscribers SET email = m, email_key = m, address_hash = decode(md5(m) || md5(m || '2'), 'hex')
    FROM (SELECT id AS i, 'reader-' || id || '@domain-' || id % ${DOMAINS}::int || '.example' AS m FROM subscribers) AS made WHERE id = i`)

  let greylists = false
  let met = new Set<string>()
  const sink = await openSink({
    recipient: (address) => {
      const number = Number(/^reader-(\d+)@/.exec(address)![1])
      if (!greylists || (number * 7919) % 1000 >= GREYLISTED_OF_1000 || met.has(address)) return undefined
      met.add(address)
      return smtpReply(451, '4.7.1 Greylisted, please try again later')
    },
  })
  stack.defer(() => sink.close())
  const edition = async (): Promise<Run> => {
    met = new Set()
    sink.taken.length = 0
    await planAfresh(stage, readers)
    return await sendEdition(stage, sink, readers)
  }

  const runs: Record<string, Run[]> = {
    'a  no fault': [],
    'b  greylisted once': [],
    'c  the next edition, no fault': [],
  }
  for (let round = 0; round < Number(values.rounds); round++) {
    await db.execute(sql`DELETE FROM buckets`)
    for (const [name, those] of Object.entries(runs)) {
      greylists = name.startsWith('b')
      those.push(await edition())
    }
  }
  const medians = Object.values(runs).map((those) => spread(those.map(({ seconds }) => seconds)))
  const rows = Object.entries(runs).map(([name, those], index) => {
    const { median, least, most } = medians[index]!
    const lines = spread(those.map(({ logLines }) => logLines)).median
    const ratio = median / medians[0]!.median
    return [name, median.toFixed(1), `${least.toFixed(1)}–${most.toFixed(1)}`, ratio.toFixed(2), String(lines)]
  })
  printTable([['', `s to ${SHARE * 100} %`, 'spread', 'ratio to a', 'log lines'], ...rows])
}

/** Starts a worker and waits until the share of readers is served. */
async function sendEdition(stage: Stage, sink: { url: string; taken: unknown[] }, readers: number): Promise<Run> {
  const env = {
    ...stage.env,
    SMTP_URL: sink.url,
    LOG_LEVEL: 'info',
    PATH: process.env.PATH ?? '',
    HOME: process.env.HOME ?? '/',
  }
  const worker = endsWithUs(
    spawn(process.execPath, [...WORKER_FLAGS, 'workers/main.ts'], { env, stdio: ['ignore', 'pipe', 'inherit'] }),
  )
  let log = ''
  worker.stdout.on('data', (chunk) => (log += chunk))
  const began = await firstMail(sink)
  while (sink.taken.length < readers * SHARE) {
    if (performance.now() - began > PATIENCE_MS) throw new Error(`stuck at ${sink.taken.length} of ${readers}`)
    await delay(20)
  }
  const seconds = (performance.now() - began) / 1000
  await ended(worker)
  return { seconds, logLines: log.trim().split('\n').length }
}

/** Returns when the first message was accepted: the worker's start is not measured. */
async function firstMail({ taken }: { taken: unknown[] }): Promise<number> {
  while (taken.length === 0) await delay(5)
  return performance.now()
}

async function ended(child: ChildProcess): Promise<void> {
  child.kill('SIGTERM')
  await once(child, 'exit')
}
