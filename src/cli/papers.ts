import type { Command } from 'commander'
import { collectCommand } from './papers/collect.ts'
import { importCommand } from './papers/import.ts'
import { refreshCommand } from './papers/refresh.ts'
import { removeCommand } from './papers/remove.ts'
import { acceptCommand, declineCommand, submissionsCommand } from './papers/submissions.ts'

export function paperCommands(papers: Command): void {
  collectCommand(papers)
  refreshCommand(papers)
  importCommand(papers)
  removeCommand(papers)
  submissionsCommand(papers)
  acceptCommand(papers)
  declineCommand(papers)
}
