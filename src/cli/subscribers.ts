import type { Command } from 'commander'
import { deliveriesCommand } from './subscribers/deliveries.ts'
import { eraseCommand } from './subscribers/erase.ts'
import { exportCommand } from './subscribers/export.ts'
import { importCommand } from './subscribers/import.ts'
import { unsubscribeCommand } from './subscribers/unsubscribe.ts'

export function subscriberCommands(program: Command): void {
  const subscribers = program.command('subscribers').description('import, export and manage readers')
  importCommand(subscribers)
  unsubscribeCommand(subscribers)
  eraseCommand(subscribers)
  deliveriesCommand(subscribers)
  exportCommand(subscribers)
}
