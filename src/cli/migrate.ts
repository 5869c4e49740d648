import type { Command } from 'commander'
import { readEnvironment } from '../runtime/config/config.ts'
import { migrate } from '../runtime/db/database.ts'
import { report } from './output.ts'
import { withServices } from './with-services.ts'

export function migrateCommand(command: Command): void {
  command.action(async () => {
    const { DATABASE_URL } = readEnvironment(process.env)
    if (DATABASE_URL) await migrate(DATABASE_URL)
    else await withServices(async () => {})
    report(command, { migrated: true }, 'The tables are up to date.')
  })
}
