import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { preview } from '../../src/delivery/preview/preview.ts'
import type { Taken } from './support/contender.ts'
import { databaseCpu } from './support/cpu.ts'
import { inRounds, spread } from './support/rounds.ts'
import { runContender, runProgram, type SinkProcess, startSink, WORKER_FLAGS } from './support/run.ts'
import { addReaders, openStage, planAfresh, type Stage } from './support/stage.ts'
import { printTable } from './support/table.ts'

const POSTFIX = { sink: '/usr/sbin/smtp-sink', source: '/usr/sbin/smtp-source' }
const CONNECTIONS = 20
const SLOW = { delayMs: 100, connections: 50 }

const help = `npm run bench -- delivery [--readers N] [--rounds N] [--only a,b,…] [--sink bare] [--profile DIR]

Measures sending speed beside other ways to send the same messages. Each contender runs in its own process against a sink in another
one; rounds alternate. ${CONNECTIONS} connections; PostgreSQL and the sink share the machine with the sender.`

/** Measures time, CPU seconds and memory of each way to send the same messages. */
export async function bench(args: string[], stack: AsyncDisposableStack): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      readers: { type: 'string', default: '20000' },
      rounds: { type: 'string', default: '5' },
      only: { type: 'string' },
      sink: { type: 'string', default: 'postfix' },
      profile: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return console.log(help)
  const readers = Number(values.readers)
  const stage = await openStage(stack)
  await addReaders(stage, readers)
  const postfix = values.sink === 'postfix' && existsSync(POSTFIX.sink)
  if (!postfix) console.log("A bare socket sink receives the messages, not Postfix's smtp-sink.")
  const sink = await startSink(stack, { postfix })
  const slow = await startSink(stack, { postfix: false, delayMs: SLOW.delayMs })
  const ground = { readers, port: sink.port, slowPort: slow.port, profile: values.profile }
  const all = await contendersOf(stage, ground)
  const database = await databaseCpu(stage.services.db)
  const wanted = values.only?.split(',') ?? Object.keys(all)
  const chosen = Object.fromEntries(
    Object.entries(all)
      .filter(([name]) => wanted.includes(name) || wanted.includes(name.split(' ')[0]!))
      .map(([name, run]) => [name, withOthers(run, [sink, slow], database)]),
  )
  const measures = await inRounds(Number(values.rounds), chosen)
  report(measures)
}

/** A run, and the CPU seconds of its sink and of PostgreSQL. The sink has a single thread, which may be the bottleneck. */
type Run = Taken & { sinkSeconds: number; databaseSeconds: number }

/** PostgreSQL's seconds include the planning before, a hundredth of sending. */
const withOthers =
  (run: () => Promise<Taken>, sinks: readonly SinkProcess[], database: () => number) => async (): Promise<Run> => {
    const cpu = () => ({ sinkSeconds: sinks.reduce((sum, sink) => sum + sink.cpu(), 0), databaseSeconds: database() })
    const before = cpu()
    const taken = await run()
    const after = cpu()
    return {
      ...taken,
      sinkSeconds: after.sinkSeconds - before.sinkSeconds,
      databaseSeconds: after.databaseSeconds - before.databaseSeconds,
    }
  }

interface Ground {
  readers: number
  port: number
  slowPort: number
  profile?: string | undefined
}

async function contendersOf(
  stage: Stage,
  { readers, port, slowPort, profile }: Ground,
): Promise<Record<string, () => Promise<Taken>>> {
  const made = await preview(stage.services, { kind: 'daily', date: stage.edition.date })
  const file = (name: string) => join(stage.folder, name)
  await writeFile(file('digest.eml'), made.eml)
  await writeFile(file('digest.html'), made.html)
  await writeFile(file('digest.txt'), made.text)
  console.log(`A digest is ${made.eml.length.toLocaleString('en')} bytes; ${readers.toLocaleString('en')} readers.`)
  const dkim = async (name: string, { privateKey }: { privateKey: KeyObject }) => {
    await writeFile(file(name), privateKey.export({ type: 'pkcs8', format: 'pem' }))
    return { DKIM_DOMAIN: 'paperboy.example', DKIM_SELECTOR: 'bench', DKIM_PRIVATE_KEY_FILE: file(name) }
  }
  const rsa = await dkim('rsa.pem', generateKeyPairSync('rsa', { modulusLength: 2048 }))
  const ed25519 = await dkim('ed25519.pem', generateKeyPairSync('ed25519'))
  const task = (messages: number) => ({
    port,
    messages,
    connections: CONNECTIONS,
    eml: file('digest.eml'),
    html: file('digest.html'),
    text: file('digest.txt'),
  })
  const few = Math.ceil(readers / 4)
  const paperboy = async (settings: Record<string, string> = {}, messages = readers, workers = 1): Promise<Taken> => {
    await planAfresh(stage, messages)
    const env = {
      ...stage.env,
      SMTP_URL: `smtp://127.0.0.1:${port}`,
      SMTP_CONNECTIONS: String(CONNECTIONS),
      ...settings,
    }
    const flags = [...WORKER_FLAGS, ...(profile ? ['--cpu-prof', `--cpu-prof-dir=${profile}`] : [])]
    return together(
      await Promise.all(Array.from({ length: workers }, () => runContender('paperboy', task(messages), env, flags))),
    )
  }
  const source = () =>
    runProgram(
      POSTFIX.source,
      [
        '-s',
        `${CONNECTIONS}`,
        '-m',
        `${readers}`,
        '-F',
        file('digest.eml'),
        '-f',
        'papers@paperboy.example',
        '-t',
        'reader-1@reader.example',
        `127.0.0.1:${port}`,
      ],
      readers,
    )
  if (!existsSync(POSTFIX.source)) console.log("(a) is skipped: Postfix's smtp-source is not installed.")
  const slow = { SMTP_URL: `smtp://127.0.0.1:${slowPort}`, SMTP_CONNECTIONS: String(SLOW.connections) }
  return {
    ...(existsSync(POSTFIX.source) ? { "a  Postfix's smtp-source, a C program, same bytes": source } : {}),
    "b  nodemailer's pool, same bytes": () => runContender('nodemailer-pool', task(readers)),
    'b2 bare loop over SMTPConnection, same bytes': () => runContender('bare-loop', task(readers)),
    'c  nodemailer composing each': () => runContender('nodemailer-composing', task(few)),
    'd  Paperboy, the whole path': () => paperboy(),
    'e  d with DKIM by RSA-2048': () => paperboy(rsa),
    'f  d with DKIM by Ed25519': () => paperboy(ed25519),
    'g  d with two workers': () => paperboy({}, readers, 2),
    'h  d, relay replies after 100 ms, 50 connections': () => paperboy(slow, few),
    'i  h with two workers': () => paperboy(slow, 2 * few, 2),
  }
}

/** Combines the runs of several processes: from the first start to the last end. */
const together = (runs: Taken[]): Taken => ({
  messages: runs[0]!.messages,
  beganAt: Math.min(...runs.map((run) => run.beganAt)),
  endedAt: Math.max(...runs.map((run) => run.endedAt)),
  cpuSeconds: runs.reduce((sum, run) => sum + run.cpuSeconds, 0),
  peakMegabytes: Math.max(...runs.map((run) => run.peakMegabytes)),
})

const rate = ({ messages, beganAt, endedAt }: Taken): number => (messages / (endedAt - beganAt)) * 1000

/** Paperboy's targets: two contenders by letter, and the least ratio of their speeds. */
const TARGETS: [string, string, number][] = [
  ['d', 'b2', 0.85],
  ['d', 'b', 1.5],
  ['d', 'c', 5],
  ['e', 'b', 0.7],
  ['f', 'b', 1.3],
  ['i', 'h', 1.7],
]

function report(measures: Record<string, Run[]>): void {
  const letter = (name: string) => name.split(' ')[0]!
  const rates = Object.fromEntries(
    Object.entries(measures).map(([name, runs]) => [letter(name), spread(runs.map(rate))]),
  )
  const base = rates.b?.median
  const rows = Object.entries(measures).map(([name, runs]) => {
    const { median, least, most } = rates[letter(name)]!
    const cpu = spread(runs.map((run) => (run.cpuSeconds / run.messages) * 1000)).median
    const database = spread(runs.map((run) => (run.databaseSeconds / run.messages) * 1000)).median
    const peak = spread(runs.map((run) => run.peakMegabytes)).median
    const sink = spread(runs.map((run) => (run.sinkSeconds / (run.endedAt - run.beganAt)) * 1000)).median
    return [
      name,
      median.toFixed(0),
      `${least.toFixed(0)}–${most.toFixed(0)}`,
      cpu.toFixed(2),
      database.toFixed(2),
      peak.toFixed(0),
      `${(sink * 100).toFixed(0)} %`,
      base ? (median / base).toFixed(2) : '',
    ]
  })
  printTable([
    ['', 'messages/s', 'spread', 'CPU s/1,000', 'PostgreSQL', 'peak MB', 'sink, of a core', 'ratio to b'],
    ...rows,
  ])
  console.log(
    `\nMedian of ${Object.values(measures)[0]!.length} alternating rounds. CPU and memory are of the sending processes; PostgreSQL's CPU s/1,000 beside.`,
  )
  for (const [one, other, least] of TARGETS) {
    if (rates[one] && rates[other]) verdict(`${one} ÷ ${other}`, rates[one].median / rates[other].median, least)
  }
  const limit = (SLOW.connections * 1000) / SLOW.delayMs
  if (rates.h) verdict(`h ÷ its limit of ${limit}/s`, rates.h.median / limit, 0.9)
}

const verdict = (what: string, ratio: number, least: number): void =>
  console.log(`${ratio >= least ? 'reached' : 'MISSED '}  ${what} = ${ratio.toFixed(2)}  (at least ${least})`)
