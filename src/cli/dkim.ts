import type { Command } from 'commander'
import { dkimRecord, readDkimKeys } from '../relay/dkim-keys.ts'
import { readEnvironment } from '../runtime/config/config.ts'
import { report } from './output.ts'

export function dkimCommand(command: Command): void {
  command.action(async () => {
    const records = (await readDkimKeys(readEnvironment(process.env))).map(dkimRecord)
    const lines = records.map(zoneLine).join('\n')
    report(command, records, lines || 'DKIM_DOMAIN is not set. Paperboy does not sign; your relay may.')
  })
}

/** A line of a zone file, where the strings of a TXT record hold 255 characters each. */
const zoneLine = ({ name, text }: { name: string; text: string }): string =>
  `${name}. TXT ${text
    .match(/.{1,255}/g)!
    .map((piece) => `"${piece}"`)
    .join(' ')}`
