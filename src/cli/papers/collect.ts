import { type Command, Option } from 'commander'
import { dayOf } from '../../calendar/days.ts'
import { parseSpan } from '../../calendar/spans.ts'
import { counted } from '../../lib/counted.ts'
import { recordAudit } from '../../operate/audit.ts'
import { collect } from '../../papers/ingest/collect.ts'
import { cliActor } from '../actor.ts'
import { parseDate, sourceOption, usageErrors } from '../options.ts'
import { report } from '../output.ts'
import { withServices } from '../with-services.ts'
import { forEachSource } from './for-each-source.ts'

const spanOption = usageErrors((text) => {
  parseSpan(text)
  return text
})

export function collectCommand(papers: Command): void {
  papers
    .command('collect')
    .description('read a list day, a week or a month from the configured sources')
    .addOption(sourceOption())
    .option('--date <day>', 'the list day (default: today, UTC)', parseDate)
    .addOption(new Option('--week <week>', 'ISO week, such as 2026-W11').argParser(spanOption).conflicts('date'))
    .addOption(
      new Option('--month <month>', 'month, such as 2026-03').argParser(spanOption).conflicts(['date', 'week']),
    )
    .action((options, command) =>
      withServices(async (services) => {
        const span = options.month ?? options.week ?? options.date ?? dayOf(services.now())
        await forEachSource(services, options.source, async (source) => {
          const entry = { actor: cliActor(), action: 'asked for a read of', target: `${source.name}, ${span}` }
          await recordAudit(services.db, services.now(), entry)
          const found = await collect({ ...services, source }, span)
          report(
            command,
            found,
            `${source.name}, ${span}: ${found.outcome}, ${counted(found.papers, 'paper')} (${found.added} new, ${found.changed} changed).`,
          )
        })
      }),
    )
}
