import { randomBytes } from 'node:crypto'
import { createWriteStream, rmSync } from 'node:fs'
import { rename, rm, stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type { Command } from 'commander'
import { cleanUpOnSignal } from '../embedded/clean-up-on-signal.ts'
import { openBackup } from '../operate/backup/open-backup.ts'
import { report } from './output.ts'
import { withConfig } from './with-services.ts'

export function backupCommand(command: Command): void {
  command
    .argument('<file>', 'such as paperboy-2026-11-29.sql.gz; an existing file is replaced once the new one is complete')
    .action((file: string) =>
      withConfig(async ({ DATABASE_URL }) => {
        // A name of its own: two backups at once would write into each other's file.
        const unfinished = `${file}.${randomBytes(4).toString('hex')}.unfinished`
        using _ = cleanUpOnSignal(() => rmSync(unfinished, { force: true }))
        const { chunks, summary } = openBackup(DATABASE_URL, new Date())
        try {
          // It has every address, so only its owner may read it.
          await pipeline(chunks, createGzip(), createWriteStream(unfinished, { flags: 'wx', mode: 0o600 }))
          await rename(unfinished, file)
        } finally {
          await rm(unfinished, { force: true })
        }
        const { size } = await stat(file)
        const { tables, rows } = summary
        report(
          command,
          { file, bytes: size, tables, rows },
          `${file}: ${tables} tables, ${rows.toLocaleString('en')} rows, ${Math.ceil(size / 1e6)} MB.`,
        )
      }),
    )
}
