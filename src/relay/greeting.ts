import SMTPConnection from 'nodemailer/lib/smtp-connection'
import type { RelaySettings } from '../runtime/config/relay-settings.ts'
import { optionsOf } from './smtp-session.ts'

/** The visitor who typed the address waits this long. */
const PATIENCE_MS = 3_000

/** Returns the relay's reply to EHLO: its extensions, one a line. */
export function greetingOf(relay: RelaySettings): Promise<string> {
  const smtp = new SMTPConnection({ ...optionsOf(relay), connectionTimeout: PATIENCE_MS, greetingTimeout: PATIENCE_MS })
  return new Promise<string>((resolve, reject) => {
    const late = setTimeout(() => reject(new Error('the relay does not answer')), PATIENCE_MS)
    smtp.once('error', reject)
    smtp.once('end', () => reject(new Error('the relay hung up')))
    smtp.connect((error) => {
      clearTimeout(late)
      if (error) reject(error)
      else resolve(String(smtp.lastServerResponse))
    })
  }).finally(() => smtp.close())
}
