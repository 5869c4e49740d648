import SMTPConnection from 'nodemailer/lib/smtp-connection'
import type { RelaySettings } from '../runtime/config/relay-settings.ts'
import { dial } from './dial.ts'
import { optionsOf } from './smtp-session.ts'

/** The visitor who typed the address waits this long. */
const PATIENCE_MS = 3_000

/** Returns the relay's reply to EHLO: its extensions, one a line. */
export async function greetingOf(relay: RelaySettings): Promise<string> {
  const begun = performance.now()
  const connection = await dial(relay, PATIENCE_MS)
  const left = PATIENCE_MS - (performance.now() - begun)
  const smtp = new SMTPConnection({ ...optionsOf(relay), greetingTimeout: PATIENCE_MS, connection })
  return new Promise<string>((resolve, reject) => {
    const late = setTimeout(() => reject(new Error('the relay does not answer')), left)
    smtp.once('error', reject)
    smtp.once('end', () => reject(new Error('the relay hung up')))
    smtp.connect((error) => {
      clearTimeout(late)
      if (error) reject(error)
      else resolve(String(smtp.lastServerResponse))
    })
  }).finally(() => smtp.close())
}
