import { Command } from 'commander'
import { VERSION } from '../runtime/config/version.ts'

interface CommandGroup {
  description: string
  /** Loads the function that gives the command its arguments, options, subcommands and action. */
  load: () => Promise<(command: Command) => void>
}

/** All commands of `paperboy`, in the order of its help. */
const COMMANDS: Record<string, CommandGroup> = {
  migrate: {
    description: 'update the database tables to this version',
    load: async () => (await import('./migrate.ts')).migrateCommand,
  },
  status: {
    description: 'show readers, papers, editions and emails',
    load: async () => (await import('./status.ts')).statusCommand,
  },
  doctor: {
    description: 'check everything email depends on: database, queue, relays, DNS, site, worker. Changes nothing',
    load: async () => (await import('./doctor.ts')).doctorCommand,
  },
  halt: {
    description:
      'stop all email and webhooks from this database until `resume`. Run it first, before or after a restore',
    load: async () => (await import('./halt.ts')).haltCommand,
  },
  resume: {
    description: 'send again after halt, or after a restore from a backup',
    load: async () => (await import('./resume.ts')).resumeCommand,
  },
  unknown: {
    description: 'list service emails and sign-in links whose outcome is unknown',
    load: async () => (await import('./unknown.ts')).unknownCommand,
  },
  dkim: {
    description: 'print the DNS records that publish the keys of DKIM_PRIVATE_KEY_FILE',
    load: async () => (await import('./dkim.ts')).dkimCommand,
  },
  papers: {
    description: 'collect, import and review papers',
    load: async () => (await import('./papers.ts')).paperCommands,
  },
  subscribers: {
    description: 'import, export and manage readers',
    load: async () => (await import('./subscribers.ts')).subscriberCommands,
  },
  suppressions: {
    description: 'manage addresses that must not get email',
    load: async () => (await import('./suppressions.ts')).suppressionCommands,
  },
  inbound: {
    description: 'process one bounce, complaint or unsubscribe email from standard input, or classify files',
    load: async () => (await import('./inbound.ts')).inboundCommands,
  },
  edition: {
    description: 'manage editions, from draft to sent',
    load: async () => (await import('./edition.ts')).editionCommands,
  },
  relays: {
    description: 'relays and receiving domains, and how fast email may go to them',
    load: async () => (await import('./relays.ts')).relayCommands,
  },
  admin: {
    description: 'manage access to the admin pages',
    load: async () => (await import('./admin.ts')).adminCommands,
  },
  'api-key': {
    description: 'create, list and revoke keys of the API',
    load: async () => (await import('./api-key.ts')).apiKeyCommands,
  },
  backup: {
    description: 'write all data to one file, while the service runs on',
    load: async () => (await import('./backup.ts')).backupCommand,
  },
  restore: {
    description: 'load a backup into an empty database; nothing is sent until resume --after-restore',
    load: async () => (await import('./restore.ts')).restoreCommand,
  },
  simulate: {
    description: 'run the whole service through weeks of simulated time on a temporary database, and check its rules',
    load: async () => (await import('./simulate.ts')).simulateCommand,
  },
  init: {
    description: 'write a .env for production, with fresh keys; an existing one is never overwritten',
    load: async () => (await import('./init.ts')).initCommand,
  },
}

export const COMMAND_NAMES = Object.keys(COMMANDS)

/**
 * Builds `paperboy`, the operator's command. It exits with 0 on success, 1 on failure, 2 on wrong usage.
 *
 * @param complete names of the commands to load. The others have only a description, because loading all takes a second of CPU
 */
export async function createProgram(complete: readonly string[]): Promise<Command> {
  const program = new Command('paperboy')
    .description('Operate Paperboy, the newsletter of trending research papers.')
    .version(VERSION)
    .option('--json', 'print the result as JSON')
    .showHelpAfterError('Add --help to see the options.')
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
  for (const [name, { description, load }] of Object.entries(COMMANDS)) {
    const command = program.command(name).description(description)
    if (complete.includes(name)) (await load())(command)
  }
  program
    .command('help [command...]')
    .description('display help for command')
    .action((names: string[]) => commandAt(program, names).help())
  // Commands added before exitOverride do not inherit it. Set it on each, so that wrong usage always exits with 2.
  for (const command of program.commands.flatMap((each) => [each, ...each.commands])) command.exitOverride()
  return program
}

/** Commander's own `help` stops at the group. */
const commandAt = (program: Command, path: readonly string[]): Command =>
  path.reduce(
    (group, name) =>
      group.commands.find((each) => each.name() === name) ?? group.error(`error: unknown command '${name}'`),
    program,
  )
