import type { Command } from 'commander'
import { userName } from '../../embedded/system-user.ts'
import { printError } from '../../lib/terminal.ts'
import { recordReaderImport } from '../../operate/record-reader-import.ts'
import { importSubscribers } from '../../subscription/import.ts'
import { type Mapping, MEANINGS_HELP, parseMapping } from '../../subscription/import-columns.ts'
import { describeColumns, describeCounts } from '../../subscription/import-report.ts'
import { cliActor } from '../actor.ts'
import { usageErrors } from '../options.ts'
import { report } from '../output.ts'
import { withServices } from '../with-services.ts'

const addMapping = usageErrors((text, before: Mapping[]) => [...before, parseMapping(text)])

export function importCommand(subscribers: Command): void {
  subscribers
    .command('import <file>')
    .description('import readers from a CSV file: our own export, or one of Mailchimp, Substack, Ghost and other tools')
    .option('--active', 'they agreed elsewhere already: no confirmation email')
    .option('--attested-by <who>', 'who says that they agreed (default: your login name)')
    .option('--dry-run', 'check everything, print how each column is read, change nothing')
    .option('--partial', 'import the good lines although there are bad ones')
    .option('--map <column=meaning>', 'what a column, or COLUMN:VALUE, means; repeat it for more', addMapping, [])
    .addHelpText('after', `\n${MEANINGS_HELP}`)
    .action((file: string, options, command) =>
      withServices(async (services) => {
        const result = await importSubscribers(services, file, {
          active: options.active === true,
          attestedBy: options.attestedBy ?? userName(),
          dryRun: options.dryRun === true,
          partial: options.partial === true,
          mappings: options.map,
          onImported: (tx, counts) => recordReaderImport(tx, services.now(), cliActor(), counts),
        })
        const { problems, bad } = result
        for (const problem of problems) printError(problem)
        if (bad > problems.length) printError(`… and ${bad - problems.length} more`)
        if (bad > 0) process.exitCode = 1
        const counts = describeCounts(result, options.dryRun ? 'would be' : 'were')
        report(command, result, options.dryRun ? `${describeColumns(result)}\n${counts}` : counts)
      }),
    )
}
