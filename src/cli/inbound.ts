import { readFile } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { type Command, InvalidArgumentError } from 'commander'
import { classify } from '../inbound/classify.ts'
import { readMail } from '../inbound/read-mail.ts'
import { receiveMail } from '../inbound/receive.ts'
import { say } from '../lib/terminal.ts'
import { report, withServices } from './open.ts'

export function inboundCommands(program: Command): void {
  program
    .command('inbound [files...]')
    .description('take in one bounce, complaint or unsubscribe mail from standard input; or only say what files are')
    .option('--classify', 'say what each file is, and change nothing')
    .option('--envelope-to <address>', 'whom the SMTP envelope named, where the mail itself may not say it', asAddress)
    .action(async (files: string[], options, command: Command) => {
      const asJson = command.optsWithGlobals().json === true
      if (options.classify) return classifyFiles(files, asJson, command)
      if (files.length > 0)
        command.error('Files are only classified: add --classify. A mail to act on comes by standard input.')
      const raw = await buffer(process.stdin)
      if (raw.length === 0) command.error('There is no mail on standard input.')
      await withServices(async (services) => {
        const envelopeTo = options.envelopeTo ? [options.envelopeTo] : []
        const received = await receiveMail(services, raw, { source: 'command', envelopeTo })
        const { class: kind, reason, authority, did, repeated } = received
        const proof = authority ? `proven by our ${authority}` : 'nothing of ours verifies in it, so it changes nothing'
        const outcome = repeated ? 'it was here before' : did
        report(command, received, `${kind} (${reason}); ${proof}; ${outcome}.`)
      })
    })
}

async function classifyFiles(files: readonly string[], asJson: boolean, command: Command): Promise<void> {
  if (files.length === 0) command.error('Name the files to classify.')
  for (const file of files) {
    for (const { recipient, class: kind, reason, delayed, status, reply } of classify(
      await readMail(await readFile(file)),
    )) {
      const line = { file, recipient: recipient ?? null, class: kind, reason, delayed, status, reply }
      say(
        asJson
          ? JSON.stringify(line)
          : `${file}\t${recipient ?? '-'}\t${kind}\t${reason}${delayed ? ' (delayed)' : ''}`,
      )
    }
  }
}

function asAddress(text: string): string {
  if (!text.includes('@')) throw new InvalidArgumentError('It is an address with an @ in it.')
  return text
}
