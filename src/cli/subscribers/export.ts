import type { Command } from 'commander'
import { printError } from '../../lib/terminal.ts'
import { exportSubscribers } from '../../subscription/export.ts'
import { writeChunks } from '../output.ts'
import { withServices } from '../with-services.ts'

export function exportCommand(subscribers: Command): void {
  subscribers
    .command('export')
    .description('print all subscribers as CSV')
    .action(() =>
      withServices(async (services) => {
        await writeChunks(exportSubscribers(services))
        printError('Done. The export contains addresses: keep it safe.')
      }),
    )
}
