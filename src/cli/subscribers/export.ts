import { type Command, Option } from 'commander'
import { printError } from '../../lib/terminal.ts'
import { recordAudit } from '../../operate/audit.ts'
import { exportSubscribers } from '../../subscription/export.ts'
import { LAYOUTS, OWN_LAYOUT, TOOLS, type Tool } from '../../subscription/export-layouts.ts'
import { describeSearch } from '../../subscription/reader-filter.ts'
import { cliActor } from '../actor.ts'
import { writeChunks } from '../output.ts'
import { withServices } from '../with-services.ts'
import { addFilterOptions, filterOf } from './filter-options.ts'

export function exportCommand(subscribers: Command): void {
  const command = subscribers
    .command('export')
    .description('print subscribers as CSV')
    .addOption(
      new Option(
        '--for <tool>',
        'columns that another tool reads; active readers, unless --status says otherwise',
      ).choices(TOOLS),
    )
  addFilterOptions(command).action((options: { for?: Tool }) =>
    withServices(async (services) => {
      const filter = filterOf(options)
      // Most tools subscribe every address in the file, so people who unsubscribed here must not be in it.
      const chosen = options.for && filter.status === undefined ? { ...filter, status: 'active' as const } : filter
      const entry = { actor: cliActor(), action: 'exported', target: describeSearch(chosen) }
      await recordAudit(services.db, services.now(), entry)
      const readers = exportSubscribers(services, chosen, options.for ? LAYOUTS[options.for] : OWN_LAYOUT)
      if (await writeChunks(readers)) printError('Done. The export contains addresses: keep it safe.')
    }),
  )
}
