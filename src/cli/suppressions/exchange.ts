import type { Command } from 'commander'
import { counted } from '../../lib/counted.ts'
import { printError } from '../../lib/terminal.ts'
import { recordAudit } from '../../operate/audit.ts'
import { exportSuppressions, importSuppressions } from '../../suppression/exchange.ts'
import { cliActor } from '../actor.ts'
import { report, writeChunks } from '../output.ts'
import { withServices } from '../with-services.ts'

export function importCommand(suppressions: Command): void {
  suppressions
    .command('import <file>')
    .description('suppress every address in a CSV file with the column email, or in an export')
    .action((file: string, _options, command) =>
      withServices(async (services) => {
        const result = await services.db.transaction(async (db) => {
          const imported = await importSuppressions({ ...services, db }, file)
          const changed = imported.added + imported.strengthened
          const entry = { actor: cliActor(), action: 'suppressed', target: counted(changed, 'address', 'addresses') }
          if (changed > 0) await recordAudit(db, services.now(), entry)
          return imported
        })
        const { read, added, strengthened } = result
        report(
          command,
          result,
          `${counted(read, 'line')} read: ${added} newly suppressed, ${strengthened} for a stronger reason.`,
        )
      }),
    )
}

export function exportCommand(suppressions: Command): void {
  suppressions
    .command('export')
    .description('print all suppressions as CSV: hashes, valid with the same SUPPRESSION_KEY')
    .action(() =>
      withServices(async (services) => {
        const entry = { actor: cliActor(), action: 'exported', target: 'all suppressions' }
        await recordAudit(services.db, services.now(), entry)
        if (await writeChunks(exportSuppressions(services))) printError('Done.')
      }),
    )
}
