import type { Command } from 'commander'
import { addCommand, liftCommand } from './suppressions/add-and-lift.ts'
import { exportCommand, importCommand } from './suppressions/exchange.ts'

export function suppressionCommands(suppressions: Command): void {
  addCommand(suppressions)
  liftCommand(suppressions)
  importCommand(suppressions)
  exportCommand(suppressions)
}
