import type { Command } from 'commander'
import { addCommand, liftCommand } from './suppressions/add-and-lift.ts'
import { exportCommand, importCommand } from './suppressions/exchange.ts'

export function suppressionCommands(program: Command): void {
  const suppressions = program.command('suppressions').description('manage addresses that must not get email')
  addCommand(suppressions)
  liftCommand(suppressions)
  importCommand(suppressions)
  exportCommand(suppressions)
}
