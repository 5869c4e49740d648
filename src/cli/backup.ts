import { randomBytes } from 'node:crypto'
import { constants, createWriteStream, rmSync } from 'node:fs'
import { access, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type { Command } from 'commander'
import { cleanUpOnSignal } from '../embedded/clean-up-on-signal.ts'
import { counted } from '../lib/counted.ts'
import { PaperboyError } from '../lib/errors.ts'
import { printError } from '../lib/terminal.ts'
import { openBackup } from '../operate/backup/open-backup.ts'
import { report, writeChunks } from './output.ts'
import { withConfig } from './with-services.ts'

const CUT_OFF = 'Standard output was closed before the backup was complete.'

export function backupCommand(command: Command): void {
  command
    .argument(
      '<file>',
      'such as paperboy-2026-11-29.sql.gz; an existing file is replaced once the new one is complete; - is standard output',
    )
    .action((file: string) =>
      withConfig(async ({ DATABASE_URL }) => {
        const place = file === '-' ? undefined : await fileToReplace(command, file)
        const { chunks, summary } = openBackup(DATABASE_URL, new Date())
        const describe = (where: string, note: string) =>
          `${where}: ${counted(summary.tables, 'table')}, ${counted(summary.rows, 'row')}${note}.`
        if (!place) {
          await pipeline(chunks, createGzip(), async (zipped: AsyncIterable<Buffer>) => {
            // Unlike a list, half a backup is of no use.
            if (!(await writeChunks(zipped))) throw new PaperboyError('BACKUP_INVALID', CUT_OFF)
          })
          printError(describe('Done', ''))
          return
        }
        const bytes = await writeWhole(place, chunks)
        report(command, { file, bytes, ...summary }, describe(file, `, ${Math.ceil(bytes / 1e6)} MB`))
      }),
    )
}

/** Returns the file that a finished backup replaces. Links stay: /dev/stdout is one, and leads to a file or a pipe. */
async function fileToReplace(command: Command, file: string): Promise<string> {
  const folder = await stat(dirname(file)).catch(() => undefined)
  if (!folder?.isDirectory()) command.error(`error: the folder ${dirname(file)} does not exist.`)
  // Named after the folder: until the backup is complete, the file has another name.
  await access(dirname(file), constants.W_OK)
  const found = await stat(file).catch(() => undefined)
  if (found && !found.isFile()) command.error(`error: ${file} is not a file. Name a file, or - for standard output.`)
  return found ? realpath(file) : file
}

/** Writes the file and returns its size. Until it is complete it has a name of its own: two backups at once would mix. */
async function writeWhole(file: string, chunks: AsyncIterable<string | Buffer>): Promise<number> {
  const unfinished = `${file}.${randomBytes(4).toString('hex')}.unfinished`
  using _ = cleanUpOnSignal(() => rmSync(unfinished, { force: true }))
  try {
    // It has every address, so only its owner may read it.
    await pipeline(chunks, createGzip(), createWriteStream(unfinished, { flags: 'wx', mode: 0o600 }))
    await rename(unfinished, file)
  } finally {
    await rm(unfinished, { force: true })
  }
  return (await stat(file)).size
}
