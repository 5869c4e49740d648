import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import type { Command } from 'commander'
import { counted } from '../lib/counted.ts'
import { PaperboyError } from '../lib/errors.ts'
import { fileProblem } from '../lib/file-problem.ts'
import { restoreBackup } from '../operate/backup/restore-backup.ts'
import { cliActor } from './actor.ts'
import { report } from './output.ts'
import { withConfig } from './with-services.ts'

export function restoreCommand(command: Command): void {
  command.argument('<file>', 'written by `paperboy backup`; - is standard input').action((file: string) =>
    withConfig(
      async ({ DATABASE_URL }) => {
        const packed: Readable = file === '-' ? process.stdin : createReadStream(file)
        const source = createGunzip()
        packed.on('error', (error) => source.destroy(error))
        const { tables, rows, at } = await restoreBackup(DATABASE_URL, packed.pipe(source), cliActor()).catch(
          explainUnreadable(file === '-' ? 'standard input' : file),
        )
        report(
          command,
          { tables, rows, at },
          `Restored the backup of ${at}, ${counted(rows, 'row')}. Nothing is sent until you run: paperboy resume --after-restore`,
        )
      },
      { migrates: false },
    ),
  )
}

const explainUnreadable =
  (file: string) =>
  (error: Error & { code?: string }): never => {
    const problem = error.code?.startsWith('Z_') ? 'is not a whole gzip file' : fileProblem(error)
    throw problem ? new PaperboyError('BACKUP_INVALID', `${file} ${problem}.`) : error
  }
