import type { Command } from 'commander'
import { describeEdition, type EditionKey } from '../../edition/draft/control.ts'
import { setEditorNote } from '../../edition/draft/editor-note.ts'
import { withAudit } from '../../operate/audit.ts'
import { cliActor } from '../actor.ts'
import { report } from '../output.ts'
import { withServices } from '../with-services.ts'
import { editionCommand } from './edition-command.ts'

/** `edition note`: the curator's words above the papers. */
export function noteCommand(edition: Command): void {
  editionCommand(edition, 'note', 'set your note to the readers of a draft, in Markdown; without --text, remove it')
    .option('--text <markdown>', 'paragraphs, *emphasis*, **strong** and [links](https://…)')
    .action((key: EditionKey & { text?: string }, command) =>
      withServices(async (services) => {
        const { kind, date, text = '' } = key
        const entry = {
          actor: cliActor(),
          action: text ? 'set the note of' : 'removed the note of',
          target: describeEdition(key),
        }
        await withAudit(services, entry, (db) => setEditorNote({ db }, { kind, date }, text))
        report(
          command,
          { kind, date, note: text || null },
          `${text ? 'Set' : 'Removed'} the note of ${describeEdition(key)}.`,
        )
      }),
    )
}
