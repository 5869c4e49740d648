import type { Command } from 'commander'
import { dayOf } from '../../calendar/days.ts'
import { listReaders, READERS_PER_PAGE } from '../../subscription/list-readers.ts'
import { parseCount } from '../options.ts'
import { report } from '../output.ts'
import { withServices } from '../with-services.ts'
import { addFilterOptions, filterOf } from './filter-options.ts'

export function listCommand(subscribers: Command): void {
  addFilterOptions(subscribers.command('list').description('list readers, newest first'))
    .option('--limit <count>', 'readers of a page', parseCount, READERS_PER_PAGE)
    .option('--before <number>', 'continue after this reader, by the number that the last page ends with', parseCount)
    .action(({ limit, before, ...filter }, command) =>
      withServices(async (services) => {
        const page = await listReaders(services, filterOf(filter), { limit, before })
        const lines = page.readers.map(
          ({ id, email, status, cadence, createdAt }) => `${id}  ${email}  ${status}  ${cadence}  ${dayOf(createdAt)}`,
        )
        if (page.next !== undefined) lines.push(`Older readers: --before ${page.next}`)
        report(command, page, lines.join('\n') || 'No reader matches.')
      }),
    )
}
