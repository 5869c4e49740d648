import type { Command } from 'commander'
import { addCommand } from './subscribers/add.ts'
import { deliveriesCommand } from './subscribers/deliveries.ts'
import { eraseCommand } from './subscribers/erase.ts'
import { exportCommand } from './subscribers/export.ts'
import { importCommand } from './subscribers/import.ts'
import { listCommand } from './subscribers/list.ts'
import { unsubscribeCommand } from './subscribers/unsubscribe.ts'

export function subscriberCommands(subscribers: Command): void {
  listCommand(subscribers)
  addCommand(subscribers)
  importCommand(subscribers)
  unsubscribeCommand(subscribers)
  eraseCommand(subscribers)
  deliveriesCommand(subscribers)
  exportCommand(subscribers)
}
