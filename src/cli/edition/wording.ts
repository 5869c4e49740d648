import type { Command } from 'commander'
import { describeEdition, type EditionKey } from '../../edition/draft/control.ts'
import { publishNotice } from '../../edition/draft/publish-notice.ts'
import { schedule, scheduleAuditName } from '../../edition/draft/schedule.ts'
import { setWording, type Wording } from '../../edition/draft/wording.ts'
import { capitalise } from '../../lib/capitalise.ts'
import { withAudit } from '../../operate/audit.ts'
import type { Services } from '../../runtime/services.ts'
import { cliActor } from '../actor.ts'
import { parseTime } from '../options.ts'
import { report } from '../output.ts'
import { withServices } from '../with-services.ts'
import { editionCommand } from './edition-command.ts'

type Options = EditionKey & { text?: string; name?: string; url?: string; at?: Date }

/** The curator's words for an edition, its release by hand, and corrections. */
export function wordingCommands(edition: Command): void {
  editionCommand(edition, 'note', 'set your note to the readers of a draft, in Markdown; without --text, remove it')
    .option('--text <markdown>', 'paragraphs, *emphasis*, **strong** and [links](https://…)')
    .action((options: Options, command) => setWords('note', { editorNote: options.text ?? null }, options, command))
  editionCommand(edition, 'subject', 'set the subject of a draft’s emails; without --text, name the first papers again')
    .option('--text <words>', 'the subject, in every language')
    .action((options: Options, command) => setWords('subject', { subject: options.text ?? null }, options, command))
  editionCommand(edition, 'sponsor', 'set a draft’s paid block, marked as such; without options, remove it')
    .option('--name <name>', 'who pays for it')
    .option('--text <words>', 'what it says, in plain text')
    .option('--url <link>', 'where it leads')
    .action(({ name = '', text = '', url = '', ...key }: Options, command) =>
      setWords('sponsor', { sponsor: { name, text, url } }, key, command),
    )
  editionCommand(edition, 'schedule', 'set when a draft is released; without --at, at the usual time')
    .option('--at <time>', 'such as 2026-04-15T05:00Z', parseTime)
    .action(({ at, ...key }: Options, command) =>
      change(key, scheduleAuditName(at ?? null), command, (services) => schedule(services, key, at ?? null)),
    )
  editionCommand(edition, 'correct', 'publish a correction: on the edition’s page, and in the next edition')
    .requiredOption('--text <words>', 'the mistake, in plain text')
    .action(({ text = '', ...key }: Options, command) =>
      change(key, 'published a correction of', command, (services) => publishNotice(services, key, text)),
    )
}

const setWords = (what: string, wording: Wording, key: Options, command: Command) =>
  change(key, `${Object.values(wording)[0] ? 'set' : 'removed'} the ${what} of`, command, (services) =>
    setWording(services, key, wording),
  )

/** Runs a change, with its words in the audit log and the report. */
const change = (
  { kind, date }: EditionKey,
  action: string,
  command: Command,
  act: (services: Services) => Promise<boolean>,
) =>
  withServices(async (services) => {
    const entry = { actor: cliActor(), action, target: describeEdition({ kind, date }) }
    const changed = await withAudit(services, entry, (db) => act({ ...services, db }))
    const sentence = changed ? `${capitalise(action)} ${entry.target}.` : `Nothing to change in ${entry.target}.`
    report(command, { kind, date, done: action, changed }, sentence)
  })
