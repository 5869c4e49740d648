import '../src/runtime/fast-loading.ts'
import { parseArgs } from 'node:util'

const usage = `Usage: npm run worker -- [--processes N]

Runs every background job: collects papers, composes editions and sends email.

  --processes N   workers to run side by side, one per core (default 1)
`

const readCount = (): number | undefined => {
  try {
    const { values } = parseArgs({
      options: { processes: { type: 'string', default: '1' }, help: { type: 'boolean' } },
    })
    if (values.help) {
      process.stdout.write(usage)
      return undefined
    }
    if (/^[1-9]\d?$/.test(values.processes)) return Number(values.processes)
    process.stderr.write(`--processes takes a number from 1 to 99, not ${values.processes}.\n\n${usage}`)
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${usage}`)
  }
  process.exitCode = 2
  return undefined
}

const count = readCount()
if (count === 1) await import('./process.ts')
else if (count !== undefined) await (await import('./processes.ts')).runProcesses(count)
