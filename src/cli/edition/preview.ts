import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Command, Option } from 'commander'
import { type Preview, type PreviewOverrides, preview } from '../../delivery/preview/preview.ts'
import { sendTest } from '../../delivery/preview/send-test.ts'
import { renderSideBySide } from '../../delivery/preview/side-by-side.ts'
import { describeEdition, type EditionKey } from '../../edition/draft/control.ts'
import { SHARES } from '../../edition/select/share.ts'
import { makeFolder } from '../../lib/make-folder.ts'
import { LOCALES } from '../../messages/catalogue.ts'
import { recordAudit } from '../../operate/audit.ts'
import type { Services } from '../../runtime/services.ts'
import { cliActor } from '../actor.ts'
import { parseBetween, parseList } from '../options.ts'
import { report } from '../output.ts'
import { withServices } from '../with-services.ts'
import { editionCommand } from './edition-command.ts'

interface PreviewOptions extends EditionKey, PreviewOverrides {
  out?: string
  to?: string
  reader?: string
}

/** `edition preview`: the digest of one reader, or of a reader with these preferences. */
export function previewCommand(edition: Command): void {
  editionCommand(edition, 'preview', 'show one reader’s digest, or email it to an address')
    .option('--out <dir>', 'write digest-DATE.eml, .html, .txt and a page with all views to this folder')
    .option('--to <address>', 'email it to this address as a test')
    .option('--reader <address>', 'show this subscriber’s digest')
    .option('--size <papers>', 'number of papers, 1 to 100', parseBetween(1, 100))
    .addOption(new Option('--share <part>', 'how much of it is for the wishes below').choices(Object.keys(SHARES)))
    .option('--topics <slugs>', 'topics of the reader, separated by commas', parseList)
    .option('--keywords <words>', 'keywords of the reader, separated by commas', parseList)
    .option('--authors <names>', 'authors whom the reader follows, separated by commas', parseList)
    .option('--organisations <names>', 'organisations that the reader follows, separated by commas', parseList)
    .option('--like <papers>', 'papers that the reader wants more like: arXiv ids, separated by commas', parseList)
    .option('--votes <papers>', 'papers that the reader voted for, to learn from: arXiv ids', parseList)
    .addOption(new Option('--locale <language>', 'language').choices(LOCALES))
    .addOption(new Option('--format <format>', 'HTML with text, or text only').choices(['html', 'text']))
    .action((options: PreviewOptions, command: Command) =>
      withServices((services) => showPreview(services, options, command), { sendsEmail: options.to !== undefined }),
    )
}

async function showPreview(services: Services, options: PreviewOptions, command: Command): Promise<void> {
  const made = await preview(services, options, options.reader, options)
  if (options.out) {
    const files = await writePreview(made, options.out, `digest-${options.date}`)
    report(command, { files }, `${made.subject}\n${files.join('\n')}`)
  } else if (!options.to) {
    report(command, { subject: made.subject, html: made.html, text: made.text }, `${made.subject}\n\n${made.text}`)
  }
  if (options.to) await mailPreview(services, options, options.to, command)
}

async function writePreview(made: Preview, dir: string, name: string): Promise<string[]> {
  await makeFolder(dir)
  const files = { eml: made.eml, html: made.html, txt: made.text, 'views.html': renderSideBySide(made) }
  return Promise.all(
    Object.entries(files).map(async ([ending, content]) => {
      const file = join(dir, `${name}.${ending}`)
      await writeFile(file, content)
      return file
    }),
  )
}

async function mailPreview(services: Services, options: PreviewOptions, to: string, command: Command): Promise<void> {
  const outcome = await sendTest(services, options, to, options)
  const action = outcome.state === 'accepted' ? 'sent a test of' : 'tried to send a test of'
  const entry = { actor: cliActor(), action, target: describeEdition(options) }
  await recordAudit(services.db, services.now(), entry)
  report(command, outcome, `Relay’s reply: ${outcome.reply} (${outcome.state})`)
  if (outcome.state !== 'accepted') process.exitCode = 1
}
