import type { Command } from 'commander'
import { withAudit } from '../../operate/audit.ts'
import { acceptSubmission, declineSubmission, openSubmissions } from '../../papers/ingest/submissions.ts'
import { cliActor } from '../actor.ts'
import { parseDate } from '../options.ts'
import { report } from '../output.ts'
import { withServices } from '../with-services.ts'

export function submissionsCommand(papers: Command): void {
  papers
    .command('submissions')
    .description('list suggested papers that await a decision')
    .action((_options, command) =>
      withServices(async (services) => {
        const open = await openSubmissions(services)
        const lines = open.map((one) =>
          `${one.arxivId}  ${one.state}  suggested ${one.times}×  ${one.title ?? ''}`.trimEnd(),
        )
        report(command, open, lines.length > 0 ? lines.join('\n') : 'No suggestion is open.')
      }),
    )
}

export function acceptCommand(papers: Command): void {
  papers
    .command('accept <id>')
    .description('put a suggested paper on a list day')
    .option('--date <day>', 'the list day (default: today, UTC)', parseDate)
    .option('--note <text>', 'reason, for the record')
    .action((id: string, options, command) =>
      withServices(async (services) => {
        const entry = { actor: cliActor(), action: 'accepted', target: `paper ${id}` }
        const accepted = await withAudit(services, entry, (db) =>
          acceptSubmission({ ...services, db }, id, options.date, options.note),
        )
        report(command, accepted, `“${accepted.title}” is on the list of ${accepted.day}.`)
      }),
    )
}

export function declineCommand(papers: Command): void {
  papers
    .command('decline <id>')
    .description('decline a suggested paper')
    .option('--note <text>', 'reason, for the record')
    .action((id: string, options, command) =>
      withServices(async (services) => {
        const entry = { actor: cliActor(), action: 'declined', target: `paper ${id}` }
        const { title } = await withAudit(services, entry, (db) =>
          declineSubmission({ ...services, db }, id, options.note),
        )
        report(command, { title, state: 'declined' }, `“${title}” is declined.`)
      }),
    )
}
