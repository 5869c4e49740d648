import type { Command } from 'commander'
import { counted } from '../../lib/counted.ts'
import { recordAudit } from '../../operate/audit.ts'
import { refresh } from '../../papers/ingest/refresh.ts'
import { cliActor } from '../actor.ts'
import { sourceOption } from '../options.ts'
import { report } from '../output.ts'
import { withServices } from '../with-services.ts'
import { forEachSource } from './for-each-source.ts'

export function refreshCommand(papers: Command): void {
  papers
    .command('refresh <ids...>')
    .description('update papers by arXiv ID: votes from hf, new versions and withdrawals from arxiv')
    .addOption(sourceOption())
    .action((ids: string[], options, command) =>
      withServices(async (services) => {
        await forEachSource(services, options.source, async (source) => {
          const found = await refresh({ ...services, source }, ids, (db, { changed, signals }) => {
            const target = `${counted(changed, 'paper')}, ${counted(signals, 'signal')}, from ${source.name}`
            return recordAudit(db, services.now(), { actor: cliActor(), action: 'refreshed', target })
          })
          report(
            command,
            found,
            `${source.name}: ${found.papers} of ${ids.length} found, ${found.changed} changed, ${counted(found.signals, 'new signal')}.`,
          )
        })
      }),
    )
}
