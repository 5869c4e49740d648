import type { Command } from 'commander'
import { printError } from '../../lib/terminal.ts'
import { exportSubscribers } from '../../subscription/export.ts'
import { writeChunks } from '../output.ts'
import { withServices } from '../with-services.ts'
import { addFilterOptions, filterOf } from './filter-options.ts'

export function exportCommand(subscribers: Command): void {
  addFilterOptions(subscribers.command('export').description('print subscribers as CSV')).action((filter) =>
    withServices(async (services) => {
      await writeChunks(exportSubscribers(services, filterOf(filter)))
      printError('Done. The export contains addresses: keep it safe.')
    }),
  )
}
