import type { Command } from 'commander'
import { halt } from '../delivery/ledger/restore-guard.ts'
import { recordAudit } from '../operate/audit.ts'
import { cliActor } from './actor.ts'
import { report } from './output.ts'
import { withServices } from './with-services.ts'

export function haltCommand(command: Command): void {
  command.action(() =>
    withServices(
      async (services) => {
        const entry = { actor: cliActor(), action: 'halted', target: 'all mailing' }
        // Afterwards: an entry that cannot be written must not undo the halt.
        if (await halt(services)) await recordAudit(services.db, services.now(), entry)
        report(command, { halted: true }, 'Nothing is sent any more. To go on: paperboy resume')
      },
      // A wrong SUPPRESSION_KEY stops everything else; halting must still work.
      { anyKey: true },
    ),
  )
}
