import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline/promises'
import type { Command } from 'commander'
import { envText, writeEnv } from '../operate/write-env.ts'
import { ConfigError } from '../runtime/config/config.ts'
import { report } from './output.ts'

/** Settings that only the operator knows: the variable, its flag, and the question on a terminal. */
const QUESTIONS = [
  { name: 'PUBLIC_URL', flag: 'publicUrl', ask: 'Where readers will reach the page (https://papers.example.org)' },
  { name: 'MAIL_FROM', flag: 'mailFrom', ask: 'Sender of every email (Name <name@example.org>)' },
  { name: 'POSTAL_ADDRESS', flag: 'postalAddress', ask: 'Postal address at the foot of every email' },
  { name: 'SMTP_URL', flag: 'smtpUrl', ask: 'Relay (smtps://user:password@host:465; smtp://mailpit:1025 to try)' },
  {
    name: 'ADMIN_EMAILS',
    flag: 'adminEmails',
    ask: 'Admins, who may sign in and get alerts (a@example.org,b@example.org)',
  },
] as const

export function initCommand(command: Command): void {
  command
    .option('--file <path>', 'where', '.env')
    .option('--public-url <url>', 'PUBLIC_URL: where readers reach the page')
    .option('--mail-from <mailbox>', 'MAIL_FROM: the sender of every email')
    .option('--postal-address <text>', 'POSTAL_ADDRESS: at the foot of every email')
    .option('--smtp-url <url>', 'SMTP_URL: the relay')
    .option('--admin-emails <list>', 'ADMIN_EMAILS: admins, who may sign in under /admin and get alerts')
    .option('--profiles <list>', 'COMPOSE_PROFILES: proxy, mailpit')
    .addHelpText('after', '\nWithout a flag its value is asked for on a terminal.')
    .action(async (options) => {
      await refuseUnwritable(options.file)
      const values = await answers(options, command)
      if (options.profiles !== undefined) values.COMPOSE_PROFILES = options.profiles
      await writeEnv(options.file, await envText(values))
      report(
        command,
        { file: options.file },
        `${options.file} is written. Keep a copy of its keys somewhere safe: without SUPPRESSION_KEY no suppression is recognised.`,
      )
    })
}

/** Refuses before the questions, not after. @throws ConfigError for a file that is there; the system's error for a folder */
async function refuseUnwritable(file: string): Promise<void> {
  // The slash: a file of this name is no folder.
  await access(`${dirname(file)}/`, constants.W_OK)
  const found = await stat(file).catch(() => undefined)
  if (found?.isDirectory()) throw new ConfigError(`${file} is a folder; name a file.`)
  if (found) await writeEnv(file, '')
}

/** Returns values from flags, and asks for the others. Without a terminal it ends as wrong usage and names the missing flags. */
async function answers(options: Record<string, string | undefined>, command: Command): Promise<Record<string, string>> {
  const given = QUESTIONS.filter(({ flag }) => options[flag] !== undefined).map(({ name, flag }) => [
    name,
    options[flag]!,
  ])
  const values: Record<string, string> = Object.fromEntries(given)
  const open = QUESTIONS.filter(({ name }) => !(name in values))
  if (open.length === 0) return values
  if (!process.stdin.isTTY) {
    const flags = open.map(({ flag }) => `--${flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`)
    return command.error(`error: there is no terminal to ask on. Add ${flags.join(', ')}.`)
  }
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  try {
    for (const { name, ask } of open) {
      // An empty answer too: the example's value must not be taken for the operator's.
      values[name] = (await lines.question(`${ask}: `).catch(stopped)).trim()
    }
  } finally {
    lines.close()
  }
  return values
}

/** Ctrl-C or Ctrl-D instead of an answer. */
function stopped(): never {
  throw new ConfigError('Stopped. Nothing was written.')
}
