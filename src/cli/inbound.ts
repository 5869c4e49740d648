import { readFile } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { classify } from '../inbound/classify.ts'
import { readByProgram } from '../inbound/read-by-program.ts'
import { readMail } from '../inbound/read-mail.ts'
import { receiveMail } from '../inbound/receive.ts'
import { PaperboyError } from '../lib/errors.ts'
import { fileProblem } from '../lib/file-problem.ts'
import { print } from '../lib/terminal.ts'
import { report } from './output.ts'
import { withServices } from './with-services.ts'

/** EX_TEMPFAIL of sysexits.h: a mail server keeps the email and tries again. Any other failure makes it drop a bounce. */
const EX_TEMPFAIL = 75
/** EX_UNAVAILABLE: the mail server returns the email to its sender, with our output. */
const EX_UNAVAILABLE = 69

export function inboundCommands(command: Command): void {
  command
    .argument('[files...]')
    .addOption(new Option('--classify', 'classify the files, and change nothing').conflicts('envelopeTo'))
    .option('--envelope-to <address>', 'recipient in the SMTP envelope, if the email may not name it', asAddress)
    .action(async (files: string[], options) => {
      const asJson = command.optsWithGlobals().json === true
      if (options.classify) return classifyFiles(files, asJson, command)
      if (files.length > 0)
        command.error('Files can only be classified: add --classify. To process an email, pipe it to standard input.')
      const raw = await buffer(process.stdin)
      if (raw.length === 0) command.error('Standard input is empty. Pipe one email to it.')
      process.exitCode = EX_TEMPFAIL
      await withServices(async (services) => {
        const envelopeTo = options.envelopeTo ? [options.envelopeTo] : []
        const received = await receiveMail(services, raw, { source: 'command', envelopeTo })
        const { class: kind, reason, authority, action, repeated } = received
        const proof = authority
          ? `proven by our ${authority}`
          : 'nothing in it proves that it is ours, so nothing was changed'
        // Mail servers name the envelope's sender so. A report has none, and must not be answered.
        if (received.forPeople && process.env.SENDER) {
          process.exitCode = EX_UNAVAILABLE
          return print(readByProgram(services))
        }
        const outcome = repeated ? 'already processed' : action
        process.exitCode = 0
        report(command, received, `${kind} (${reason}); ${proof}; ${outcome}.`)
      })
    })
}

async function classifyFiles(files: readonly string[], asJson: boolean, command: Command): Promise<void> {
  if (files.length === 0) command.error('Name at least one file to classify.')
  for (const file of files) {
    for (const { recipient, class: kind, reason, delayed, status, reply } of classify(
      await readMail(await readEmail(file)),
    )) {
      const line = { file, recipient: recipient ?? null, class: kind, reason, delayed, status, reply }
      print(
        asJson
          ? JSON.stringify(line)
          : `${file}\t${recipient ?? '-'}\t${kind}\t${reason}${delayed ? ' (delayed)' : ''}`,
      )
    }
  }
}

/** @throws PaperboyError BAD_IMPORT */
async function readEmail(file: string): Promise<Buffer> {
  const raw = await readFile(file).catch((error) => {
    throw new PaperboyError('BAD_IMPORT', `${file} ${fileProblem(error) ?? `cannot be read: ${error.message}`}.`)
  })
  if (raw.length === 0) throw new PaperboyError('BAD_IMPORT', `${file} is empty. It needs one email with its headers.`)
  return raw
}

function asAddress(text: string): string {
  if (!text.includes('@')) throw new InvalidArgumentError('An address needs an @.')
  return text
}
