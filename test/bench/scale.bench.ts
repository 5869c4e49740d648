import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { sql } from 'drizzle-orm'
import { importSubscribers } from '../../src/subscription/import.ts'
import { measureLargeList } from './scale/large-list.ts'
import { endsWithUs } from './support/ends-with-us.ts'
import { peakOf } from './support/measured-command.ts'
import { readerLines } from './support/reader-lines.ts'
import { cpuOf, startSink, WORKER_FLAGS } from './support/run.ts'
import { openStage, type Stage } from './support/stage.ts'
import { printTable } from './support/table.ts'

const help = `npm run bench -- scale [--readers 1000000]

Imports a tenth of the readers, then all of them. Each time, it sends them an edition by \`edition send --now\` and one worker of 20
connections, to a sink on this machine. It shows which costs grow with the list.

Above 2,000,000 readers it makes the list in the database instead, where three tenths are due in the same minute, plans all, and sends
200,000. It says first how much disk it needs: 32 GB for 10,000,000.`

/** Importing more takes too long here; npm run bench -- import measures it. */
const MOST_IMPORTED = 2_000_000

/** Measures import, planning and sending at two list sizes. */
export async function bench(args: string[], stack: AsyncDisposableStack): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { readers: { type: 'string', default: '1000000' }, help: { type: 'boolean', default: false } },
  })
  if (values.help) return console.log(help)
  const most = Number(values.readers)
  if (most > MOST_IMPORTED) return await measureLargeList(stack, most)
  const measured: Measured[] = []
  for (const readers of [Math.ceil(most / 10), most]) {
    await using own = stack.use(new AsyncDisposableStack())
    const stage = await openStage(own)
    const { port } = await startSink(own, { postfix: false })
    measured.push(await measure(stage, port, readers))
    console.log(measured.at(-1))
  }
  report(measured[0]!, measured[1]!)
}

interface Measured {
  readers: number
  importSeconds: number
  planSeconds: number
  firstMailSeconds: number
  sendSeconds: number
  workerCpuPerThousand: number
  workerMegabytes: number
  accepted: number
  hotShare: number
  listScans: number
  ledgerMegabytes: number
}

async function measure(stage: Stage, port: number, readers: number): Promise<Measured> {
  const { db } = stage.services
  const one = async (query: ReturnType<typeof sql>) => (await db.execute<Record<string, number>>(query)).rows[0]!
  const file = join(stage.folder, 'readers.csv')
  await writeFile(file, readerLines(readers))
  const importing = Date.now()
  await importSubscribers(stage.services, file, { active: true, attestedBy: 'bench', dryRun: false })
  const importSeconds = (Date.now() - importing) / 1000
  await db.execute(sql`ANALYZE subscribers`)

  const env = {
    ...stage.env,
    SMTP_URL: `smtp://127.0.0.1:${port}`,
    SMTP_CONNECTIONS: '20',
    LOG_LEVEL: 'info',
    PATH: process.env.PATH ?? '',
  }
  const worker = endsWithUs(
    spawn(process.execPath, [...WORKER_FLAGS, 'workers/main.ts'], { env, stdio: ['ignore', 'pipe', 'inherit'] }),
  )
  try {
    for await (const chunk of worker.stdout) if (String(chunk).includes('worker ready')) break
    const before = await one(scansOfTheList)
    const began = Date.now()
    const order = ['edition', 'send', '--date', stage.edition.date, '--now']
    const command = endsWithUs(spawn(process.execPath, ['src/cli/main.ts', ...order], { env, stdio: 'ignore' }))
    await once(command, 'exit')
    const sendSeconds = (Date.now() - began) / 1000
    const after = await one(scansOfTheList)
    const times = await one(sql`
      SELECT extract(epoch FROM planned_at - send_all_at)::float AS plan,
        (SELECT extract(epoch FROM min(handed_at))::float FROM deliveries) AS first,
        (SELECT count(*)::int FROM deliveries WHERE state = 'accepted') AS accepted
      FROM editions WHERE id = ${stage.edition.id}`)
    await delay(1500) // other sessions report their statistics within a second
    const tables = await one(sql`
      SELECT sum(n_tup_hot_upd)::float / nullif(sum(n_tup_upd), 0) AS hot, sum(pg_total_relation_size(relid))::float / 1e6 AS size
      FROM pg_stat_user_tables WHERE relname LIKE 'deliveries\_%'`)
    return {
      readers,
      importSeconds,
      planSeconds: times.plan!,
      firstMailSeconds: times.first! - began / 1000,
      sendSeconds,
      workerCpuPerThousand: (cpuOf(worker.pid!) / readers) * 1000,
      workerMegabytes: peakOf(worker.pid!),
      accepted: times.accepted!,
      hotShare: tables.hot ?? 0,
      listScans: after.scans! - before.scans!,
      ledgerMegabytes: tables.size!,
    }
  } finally {
    worker.kill('SIGTERM')
    if (worker.exitCode === null) await once(worker, 'exit')
  }
}

const scansOfTheList = sql`SELECT seq_scan::int AS scans FROM pg_stat_user_tables WHERE relname = 'subscribers'`

function report(few: Measured, many: Measured): void {
  const row = (name: string, of: (measured: Measured) => string) => [name, of(few), of(many)]
  printTable([
    row('readers', ({ readers }) => readers.toLocaleString('en')),
    row('import, readers/s', ({ readers, importSeconds }) => (readers / importSeconds).toFixed(0)),
    row('planned after, s', ({ planSeconds }) => planSeconds.toFixed(1)),
    row('first message after, s', ({ firstMailSeconds }) => firstMailSeconds.toFixed(1)),
    row('messages/s, planning included', ({ readers, sendSeconds }) => (readers / sendSeconds).toFixed(0)),
    row('worker CPU s/1,000 messages', ({ workerCpuPerThousand }) => workerCpuPerThousand.toFixed(3)),
    row('worker peak MB', ({ workerMegabytes }) => workerMegabytes.toFixed(0)),
    row('accepted', ({ accepted }) => accepted.toLocaleString('en')),
    row('HOT updates of the ledger', ({ hotShare }) => `${(hotShare * 100).toFixed(1)} %`),
    row('scans of the whole list', ({ listScans }) => String(listScans)),
    row('ledger, bytes per delivery', ({ readers, ledgerMegabytes }) => ((ledgerMegabytes * 1e6) / readers).toFixed(0)),
  ])
  const verdict = (holds: boolean, what: string) => console.log(`${holds ? 'reached' : 'MISSED '}  ${what}`)
  console.log()
  verdict(many.planSeconds <= 30, 'planned within 30 s')
  verdict(many.firstMailSeconds <= 3, 'first message within 3 s of the command')
  verdict(many.workerMegabytes <= 200, 'worker within 200 MB')
  verdict(many.workerMegabytes <= few.workerMegabytes * 1.1, 'the same memory at a tenth of the readers')
  verdict(
    many.sendSeconds / many.readers <= (1.2 * few.sendSeconds) / few.readers,
    'time per message at most 1.2 × that at a tenth of the readers',
  )
}
