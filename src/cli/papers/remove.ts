import type { Command } from 'commander'
import { describeEdition } from '../../edition/draft/control.ts'
import { type Removal, type Removed, removePapers } from '../../edition/draft/remove-papers.ts'
import { counted } from '../../lib/counted.ts'
import { withAudit } from '../../operate/audit.ts'
import { recordListFacts } from '../../papers/ranking/record-list-facts.ts'
import { cliActor } from '../actor.ts'
import { parseDate } from '../options.ts'
import { report } from '../output.ts'
import { withServices } from '../with-services.ts'

export function removeCommand(papers: Command): void {
  papers
    .command('remove [papers...]')
    .description(
      'delete papers that were imported by mistake, by name or all of a list day. Not those of an edition that went out',
    )
    .option('--date <day>', 'all papers of this list day', parseDate)
    .option('--yes', 'delete; without it: dry run')
    .action((names: string[], { date, yes }: { date?: string; yes?: boolean }, command: Command) => {
      if (names.length > 0 === (date !== undefined)) command.error('error: Name papers, or a list day with --date.')
      const which: Removal = date === undefined ? { names } : { day: date }
      return withServices(async (services) => {
        const dryRun = yes !== true
        const target = date === undefined ? `paper ${names.join(', ')}` : `the papers of ${date}`
        const result = dryRun
          ? await removePapers(services, which, { dryRun })
          : await withAudit(services, { actor: cliActor(), action: 'removed', target }, (db) =>
              removePapers({ ...services, db }, which, { dryRun }),
            )
        if (!dryRun) {
          const closeHourUtc = services.config.EDITION_CLOSE_HOUR_UTC
          for (const day of result.days) await recordListFacts({ ...services, closeHourUtc }, day)
        }
        report(command, { ...result, done: !dryRun }, describeRemoved(result, dryRun))
      })
    })
}

/** Titles shown of a dry run. The JSON has all of them. */
const SHOWN = 20

function describeRemoved({ papers, votes, marks, drafts }: Removed, dryRun: boolean): string {
  const lost = votes + marks > 0 ? `, with ${counted(votes, 'vote')} and ${counted(marks, 'mark')} of readers` : ''
  const changed = drafts.length > 0 ? ` Drafts that change: ${drafts.map(describeEdition).join(', ')}.` : ''
  if (!dryRun) return `${counted(papers.length, 'paper')} removed${lost}.${changed}`
  const titles = papers.slice(0, SHOWN).map(({ listDay, title }) => `${listDay}  ${title}`)
  const more = papers.length > SHOWN ? [`… and ${papers.length - SHOWN} more`] : []
  const would = `Dry run: would remove ${counted(papers.length, 'paper')}${lost}.${changed} Add --yes to remove.`
  return [...titles, ...more, would].join('\n')
}
