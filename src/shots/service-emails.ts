import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { simpleParser } from 'mailparser'
import type { Locale } from '../messages/catalogue.ts'
import { composeServiceEmail } from '../outbox/compose-service-email.ts'
import type { ServiceEmail } from '../outbox/service-email.ts'
import type { Services } from '../runtime/services.ts'
import { MAIL_WIDTH, type Shot } from './take-shots.ts'

/** The emails beside the straight path, by screenshot name. */
const MAILS: Record<string, Pick<ServiceEmail, 'kind'> & { returning?: true }> = {
  'mail-confirm-back': { kind: 'confirm', returning: true },
  'mail-remind': { kind: 'remind' },
  'mail-welcome-back': { kind: 'welcome', returning: true },
  'mail-already': { kind: 'already' },
  'mail-manage': { kind: 'manage' },
  'mail-change': { kind: 'change' },
  'mail-moved': { kind: 'moved' },
}

/** Composes these emails for an invented reader, and writes each HTML part to a folder. */
export async function writeServiceEmails(services: Services, folder: string, locale: Locale): Promise<Shot[]> {
  const reader = {
    id: 1,
    subscriberId: 1,
    email: 'ada@reader.example',
    zone: 'Europe/Berlin',
    hour: 8,
    locale,
    cadence: 'daily' as const,
    nextDigestAt: new Date('2026-04-16T06:00:00Z'),
    addressHash: Buffer.alloc(32),
    nonce: Buffer.alloc(8),
    begun: true,
    messageKey: Buffer.alloc(16),
  }
  const shots: Shot[] = []
  for (const [name, { kind, returning = false }] of Object.entries(MAILS)) {
    const { html } = await simpleParser(await composeServiceEmail(services, { ...reader, kind, returning }))
    const file = join(folder, `${name}.html`)
    await writeFile(file, html as string)
    shots.push({ name, path: pathToFileURL(file).href, desktopWidth: MAIL_WIDTH })
  }
  return shots
}
