import type { Command } from 'commander'
import { counted } from '../../lib/counted.ts'
import { refresh } from '../../papers/ingest/refresh.ts'
import { configuredSources, openSource } from '../../papers/ingest/sources/configured.ts'
import { sourceOption } from '../options.ts'
import { report } from '../output.ts'
import { withServices } from '../with-services.ts'

export function refreshCommand(papers: Command): void {
  papers
    .command('refresh <ids...>')
    .description('update papers by arXiv ID: votes from hf, new versions and withdrawals from arxiv')
    .addOption(sourceOption())
    .action((ids: string[], options, command) =>
      withServices(async (services) => {
        const sources = options.source ? [openSource(services, options.source)] : configuredSources(services)
        for (const source of sources) {
          const found = await refresh({ ...services, source }, ids)
          report(
            command,
            found,
            `${source.name}: ${found.papers} of ${ids.length} found, ${found.changed} changed, ${counted(found.signals, 'new signal')}.`,
          )
        }
      }),
    )
}
