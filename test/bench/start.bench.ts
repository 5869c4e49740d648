import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { choosePort } from '../../src/embedded/port.ts'
import { endsWithUs } from './support/ends-with-us.ts'
import { spread } from './support/rounds.ts'
import { cpuOf, PROJECT_ENV, PROJECT_FLAGS } from './support/run.ts'
import { printTable } from './support/table.ts'

const help = `npm run bench -- start [--rounds 5]

Starts \`npm start\` in an empty data folder, then again, without sources of papers. Prints after how many seconds each step is done and
the CPU time of the process by then. A visitor asks for the front page all the time, until it is there. Prints the CPU time of
\`paperboy status\` and \`--help\` beside it, and the memory of the started service.`

const PATIENCE_MS = 120_000
const AIMS = { first: 3.5, again: 1.8, status: 0.6, help: 0.25 }

interface Mark {
  name: string
  ms: number
  cpuMs: number
}

/** Measures how long a start and a short command take. */
export async function bench(args: string[], stack: AsyncDisposableStack): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { rounds: { type: 'string', default: '5' }, help: { type: 'boolean', default: false } },
  })
  if (values.help) return console.log(help)
  const runs: Record<'first' | 'again', Mark[][]> = { first: [], again: [] }
  const commands: Record<'status' | 'help', number[]> = { status: [], help: [] }
  const memory: number[] = []
  for (let round = 0; round < Number(values.rounds); round++) {
    await using own = stack.use(new AsyncDisposableStack())
    const dataDir = await mkdtemp(join(tmpdir(), 'paperboy-start-'))
    // The database's user can enter it, so that the database lies in it and goes with it.
    await chmod(dataDir, 0o755)
    own.defer(() => rm(dataDir, { recursive: true, force: true }))
    runs.first.push(await start(dataDir))
    runs.again.push(
      await start(dataDir, async (pid) => {
        memory.push(megabytesOf(pid))
        commands.status.push(await cpuOfCommand(['status'], dataDir))
        commands.help.push(await cpuOfCommand(['--help'], dataDir))
      }),
    )
  }
  for (const name of ['first', 'again'] as const) report(name, runs[name])
  for (const name of ['status', 'help'] as const)
    console.log(`paperboy ${name}: ${spread(commands[name]).median.toFixed(2)} s of CPU (aim ${AIMS[name]})`)
  console.log(`the started service: ${spread(memory).median.toFixed(0)} MB`)
}

/** Starts the service and stops it. @returns its marks, and after that of the page, when a visitor has received it */
async function start(dataDir: string, whileRunning = async (_pid: number) => {}): Promise<Mark[]> {
  const port = await choosePort(undefined)
  const began = performance.now()
  const child = endsWithUs(
    spawn(process.execPath, ['--import', './test/bench/support/print-marks.ts', 'src/start.ts'], {
      env: {
        ...{ ...PROJECT_ENV, PATH: process.env.PATH, HOME: process.env.HOME, DATA_DIR: dataDir, PAPER_SOURCES: 'none' },
        ...{ PORT: String(port), MAILBOX_PORT: String(await choosePort(undefined)) },
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  )
  let output = ''
  let marks = ''
  child.stdout.on('data', (chunk) => (output += chunk))
  child.stderr.on('data', (chunk) => (marks += chunk))
  const shown = firstPage(port).then(() => ({
    name: 'front page received',
    ms: performance.now() - began,
    cpuMs: cpuOf(child.pid!) * 1000,
  }))
  shown.catch(() => {}) // thrown below
  while (!output.includes('Ctrl-C')) {
    if (child.exitCode !== null) throw new Error(`npm start ended: ${marks}`)
    await delay(5)
  }
  const page = await shown
  await whileRunning(child.pid!)
  child.kill('SIGTERM')
  await once(child, 'exit')
  const found = [...marks.matchAll(/^mark (.+)$/gm)].map(([, mark]) => JSON.parse(mark!) as Mark)
  return found.toSpliced(found.findIndex(({ name }) => name === 'page') + 1, 0, page)
}

/** Asks until an answer is there. */
async function firstPage(port: number): Promise<void> {
  for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; await delay(10)) {
    const reply = await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined) // nothing listens yet
    await reply?.text()
    if (reply?.ok) return
    if (reply) throw new Error(`The front page answers ${reply.status}.`)
  }
  throw new Error('There is no front page.')
}

const megabytesOf = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024

async function cpuOfCommand(args: string[], dataDir: string): Promise<number> {
  const command = [process.execPath, ...PROJECT_FLAGS.paperboy, 'src/cli/main.ts', ...args]
  const child = endsWithUs(
    spawn('bash', ['-c', 'TIMEFORMAT="%U %S"; time "$@" > /dev/null', 'bench', ...command], {
      env: { ...PROJECT_ENV, PATH: process.env.PATH, HOME: process.env.HOME, DATA_DIR: dataDir },
      stdio: ['ignore', 'ignore', 'pipe'],
    }),
  )
  let errors = ''
  child.stderr.on('data', (chunk) => (errors += chunk))
  await once(child, 'close')
  const [user, system] = errors.trim().split('\n').at(-1)!.split(' ').map(Number)
  return user! + system!
}

function report(name: 'first' | 'again', rounds: Mark[][]): void {
  const of = (index: number, value: (mark: Mark) => number) =>
    spread(rounds.map((marks) => value(marks[index]!) / 1000))
  printTable([
    [name === 'first' ? 'first start' : 'started again', 'done after s', 'from', 'to', 'CPU s'],
    ...rounds[0]!.map(({ name: step }, index) => {
      const { median, least, most } = of(index, (mark) => mark.ms)
      return [step, ...[median, least, most, of(index, (mark) => mark.cpuMs).median].map((each) => each.toFixed(2))]
    }),
  ])
  console.log(`aim: the front page after ${AIMS[name]} s\n`)
}
