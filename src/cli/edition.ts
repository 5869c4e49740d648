import type { Command } from 'commander'
import { assembleCommand } from './edition/assemble.ts'
import { curateCommands } from './edition/curate.ts'
import { previewCommand } from './edition/preview.ts'
import { resendCommand } from './edition/resend.ts'
import { sendCommand } from './edition/send.ts'
import { stateCommands } from './edition/state.ts'
import { unknownCommand } from './edition/unknown.ts'
import { wordingCommands } from './edition/wording.ts'

export function editionCommands(edition: Command): void {
  assembleCommand(edition)
  previewCommand(edition)
  sendCommand(edition)
  resendCommand(edition)
  unknownCommand(edition)
  stateCommands(edition)
  curateCommands(edition)
  wordingCommands(edition)
}
