import type { Command } from 'commander'
import { readEnvironment } from '../config.ts'
import { migrate } from '../db/database.ts'
import { readStatus } from '../status.ts'
import { report, withServices } from './open.ts'

export function operateCommands(program: Command): void {
  program
    .command('migrate')
    .description('bring the database’s tables up to date')
    .action(async (_options, command) => {
      const { DATABASE_URL } = readEnvironment(process.env)
      if (DATABASE_URL) await migrate(DATABASE_URL)
      else await withServices(async () => {})
      report(command, { migrated: true }, 'The tables are up to date.')
    })

  program
    .command('status')
    .description('how readers, papers, editions and mails stand')
    .action((_options, command) =>
      withServices(async (services) => {
        const status = await readStatus(services)
        report(command, status.value, status.words)
      }),
    )
}
