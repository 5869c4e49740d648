import { type Command, Option } from 'commander'
import { addPaper, lookUpPaper } from '../../edition/draft/add-paper.ts'
import { describeEdition, type EditionKey } from '../../edition/draft/control.ts'
import { CURATOR_ACTIONS, type CuratorAction, curate } from '../../edition/draft/curate.ts'
import { isChanged, withAudit } from '../../operate/audit.ts'
import { openSource } from '../../papers/ingest/sources/configured.ts'
import { arxivId } from '../../papers/paper-id.ts'
import { cliActor } from '../actor.ts'
import { parseBetween, parseDate } from '../options.ts'
import { report } from '../output.ts'
import { withServices } from '../with-services.ts'
import { editionCommand } from './edition-command.ts'

const COMMANDS = {
  pick: 'put a paper first, with a note',
  drop: 'leave a paper out',
  unpick: 'take a pick or drop back',
} as const

interface CurateOptions extends Partial<EditionKey> {
  note?: string
  place?: number
}

export function curateCommands(edition: Command): void {
  for (const name of ['pick', 'drop', 'unpick'] as const) {
    const command = edition
      .command(`${name} <paper>`)
      .description(`${COMMANDS[name]}; drafts that have it are assembled again`)
    if (name !== 'unpick') command.option('--note <text>', 'the curator’s words about it, in Markdown')
    command
      .option('--date <day>', 'the draft to change; default: the editions of the paper’s own day and week', parseDate)
      .addOption(new Option('--kind <kind>', 'kind of that draft').choices(['daily', 'weekly']).default('daily'))
      .action((paper: string, options: CurateOptions, command: Command) => {
        if (options.date === undefined && command.getOptionValueSource('kind') === 'cli')
          command.error('error: --kind goes with --date.')
        return run(paper, name, options, command)
      })
  }
  editionCommand(edition, 'pin <paper>', 'fix a paper’s place in a draft')
    .option('--place <number>', 'from 1 on; default: where it stands', parseBetween(1, 120))
    .action((paper: string, options: CurateOptions, command) => run(paper, 'pin', options, command))
  editionCommand(edition, 'unpin <paper>', 'let a pinned paper move again').action(
    (paper: string, options: CurateOptions, command) => run(paper, 'unpin', options, command),
  )
  editionCommand(
    edition,
    'add <paper>',
    'add any paper to a draft, as a pick; arXiv is asked for an unknown one',
  ).action((paper: string, { kind, date }: EditionKey, command) =>
    withServices(async (services) => {
      const key = { kind, date }
      const id = arxivId(paper) ?? paper
      const found = await lookUpPaper(services, id, openSource(services, 'arxiv'))
      const entry = { actor: cliActor(), action: 'added', target: `paper ${id} to ${describeEdition(key)}` }
      const { title } = await withAudit(
        services,
        entry,
        (db) => addPaper({ ...services, db }, key, id, found),
        isChanged,
      )
      report(command, { paper: id, title, ...key }, `added: ${title}, to ${describeEdition(key)}.`)
    }),
  )
}

const run = (
  paper: string,
  name: CuratorAction,
  { kind = 'daily', date, note, place }: CurateOptions,
  command: Command,
) =>
  withServices(async (services) => {
    const { verdict, auditName } = CURATOR_ACTIONS[name]
    const edition = date === undefined ? undefined : { kind, date }
    const where = edition ? ` in ${describeEdition(edition)}` : ''
    const entry = { actor: cliActor(), action: auditName, target: `paper ${paper}${where}` }
    const { title, listDay, assembled } = await withAudit(
      services,
      entry,
      (db) => curate({ ...services, db }, paper, name, note, { edition, place }),
      isChanged,
    )
    const again = assembled.map(describeEdition).join(' and ')
    const word = verdict ?? (name === 'unpick' ? 'no word on' : auditName)
    report(
      command,
      { paper, title, listDay, verdict: verdict ?? null, assembled },
      `${word}: ${title} (${listDay}). ${again ? `Assembled again: ${again}.` : 'It has no edition yet.'}`,
    )
  })
