import { parseArgs } from 'node:util'
import { faults } from '../cluster/catalogue.ts'
import { type Options, undergo } from '../cluster/ground.ts'
import { missingForCluster } from '../cluster/missing.ts'
import { printTable } from './support/table.ts'

const help = `npm run bench -- cluster [--readers 20000] [--queue sentinel|cluster] [--replication synchronous|asynchronous]
  [--pooling session|transaction] [--policy resend|hold] [--sending 150] [--trouble 60] [--only WORD] [--verbose]

Sends an edition from three workers and two api processes, each on a machine of its own (network namespaces), while a part of the
cluster goes away. Then lays the relay's own record beside the ledger. --sending: about how many seconds it takes without a fault.
--trouble: seconds that a worker is cut off. Needs root, nftables, redis-server and pgbouncer.`

/** The table of the cluster in docs/reliability-and-speed.md. */
export async function bench(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      readers: { type: 'string', default: '20000' },
      queue: { type: 'string', default: 'sentinel' },
      replication: { type: 'string', default: 'synchronous' },
      pooling: { type: 'string', default: 'session' },
      policy: { type: 'string', default: 'resend' },
      sending: { type: 'string', default: '150' },
      trouble: { type: 'string', default: '60' },
      only: { type: 'string', default: '' },
      verbose: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return console.log(help)
  const missing = missingForCluster()
  if (missing) throw new Error(`No cluster here: ${missing}.`)
  const options = {
    readers: Number(values.readers),
    sendingMs: Number(values.sending) * 1000,
    troubleMs: Number(values.trouble) * 1000,
    queue: values.queue as Options['queue'],
    replication: values.replication as Options['replication'],
    pooling: values.pooling as Options['pooling'],
    policy: values.policy as Options['policy'],
    ...(values.verbose ? { print: (line: string) => console.error(line) } : {}),
  }
  const rows: (string | number)[][] = []
  for (const fault of faults) {
    if (!fault.name.includes(values.only)) continue
    const outcome = await undergo(fault, options)
    const { accepted = 0, unknown = 0, ...others } = outcome.states
    rows.push([
      ...[fault.name, outcome.readers, outcome.missing, outcome.repeats, accepted, unknown],
      Object.entries(others)
        .map(([state, count]) => `${count} ${state}`)
        .join(', '),
      ...[outcome.stalledSeconds, outcome.backSeconds, outcome.pagesAwaySeconds].map((each) => each?.toFixed(1) ?? ''),
      outcome.broken.join('; ') || 'hold',
    ])
    console.log(rows.at(-1)!.join(' | '))
  }
  console.log()
  const heading = ['fault', 'readers', 'missing', 'repeated', 'accepted', 'unknown', 'others']
  printTable([[...heading, 'stalled, s', 'back, s', 'pages away, s', 'promises'], ...rows])
  if (rows.some((row) => row.at(-1) !== 'hold')) process.exitCode = 1
}
