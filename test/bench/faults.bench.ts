import { parseArgs } from 'node:util'
import { faults } from '../faults/catalogue.ts'
import { undergo } from '../faults/ground.ts'
import type { Policy } from '../faults/judge.ts'
import { openPostgres } from '../faults/postgres.ts'
import { printTable } from './support/table.ts'

const help = `npm run bench -- faults [--readers 20000] [--kills 20] [--trouble 60] [--only WORD] [--policy resend|hold]

Sends an edition with two workers while something goes wrong, and lays the relay's own record beside the ledger. --trouble: seconds
that a relay is down, hangs or refuses. All but the kills send to a tenth of the readers.`

/** Prints the README's reliability table. */
export async function bench(args: string[], stack: AsyncDisposableStack): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      readers: { type: 'string', default: '20000' },
      kills: { type: 'string', default: '20' },
      trouble: { type: 'string', default: '60' },
      only: { type: 'string', default: '' },
      policy: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return console.log(help)
  const postgres = await openPostgres(stack)
  const rows: (string | number)[][] = []
  for (const fault of faults({ kills: Number(values.kills), troubleMs: Number(values.trouble) * 1000 })) {
    if (!fault.name.includes(values.only)) continue
    for (const policy of (values.policy ? [values.policy] : ['resend', 'hold']) as Policy[]) {
      const readers = fault.name.includes('SIGKILL') ? Number(values.readers) : Math.ceil(Number(values.readers) / 10)
      const began = Date.now()
      const verdict = await undergo(fault, {
        databaseUrl: await postgres.database(),
        restartPostgres: postgres.restart,
        readers,
        policy,
      })
      const { states, accepts, missing, repeats, lostReplies, broken } = verdict
      const { accepted = 0, unknown = 0, ...rest } = states
      const others = Object.entries(rest).map(([state, count]) => `${count} ${state}`)
      rows.push([
        fault.name,
        policy,
        readers,
        accepts,
        missing,
        repeats,
        lostReplies,
        accepted,
        unknown,
        others.join(', '),
        ((Date.now() - began) / 1000).toFixed(0),
        broken.join('; ') || 'holds',
      ])
      console.log(rows.at(-1)!.join(' | '))
    }
  }
  console.log()
  printTable([
    [
      'fault',
      'policy',
      'readers',
      'taken',
      'missing',
      'repeats',
      'replies lost',
      'accepted',
      'unknown',
      'others',
      's',
      'promises',
    ],
    ...rows,
  ])
  if (rows.some((row) => row.at(-1) !== 'holds')) process.exitCode = 1
}
