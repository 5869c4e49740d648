import { Command, CommanderError } from 'commander'
import { complain } from '../lib/terminal.ts'
import { VERSION } from '../runtime/config/config.ts'
import { describeError } from '../runtime/process.ts'
import { adminCommands } from './admin.ts'
import { dkimCommand } from './dkim.ts'
import { doctorCommand } from './doctor.ts'
import { editionCommands } from './edition.ts'
import { haltCommand } from './halt.ts'
import { inboundCommands } from './inbound.ts'
import { initCommand } from './init.ts'
import { migrateCommand } from './migrate.ts'
import { paperCommands } from './papers.ts'
import { relayCommands } from './relays.ts'
import { resumeCommand } from './resume.ts'
import { statusCommand } from './status.ts'
import { subscriberCommands } from './subscribers.ts'
import { suppressionCommands } from './suppressions.ts'
import { unknownCommand } from './unknown.ts'

/** `paperboy …`: the operator's command. Exits with 0 on success, 1 on failure, 2 on wrong usage. */
const program = new Command('paperboy')
  .description('Operate Paperboy, the newsletter of trending research papers.')
  .version(VERSION)
  .option('--json', 'print the result as JSON')
  .showHelpAfterError('Add --help to see the options.')
  .exitOverride()
  .configureHelp({ showGlobalOptions: true })

for (const add of [
  migrateCommand,
  statusCommand,
  doctorCommand,
  haltCommand,
  resumeCommand,
  unknownCommand,
  dkimCommand,
  paperCommands,
  subscriberCommands,
  suppressionCommands,
  inboundCommands,
  editionCommands,
  relayCommands,
  adminCommands,
  initCommand,
])
  add(program)
// Commands added earlier do not inherit exitOverride. Set it on each, so that wrong usage always exits with 2.
for (const command of program.commands.flatMap((each) => [each, ...each.commands])) command.exitOverride()

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2
  else {
    complain(`paperboy: ${describeError(error)}`)
    process.exitCode = 1
  }
}
