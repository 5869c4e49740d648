import SMTPConnection from 'nodemailer/lib/smtp-connection'
import { parseRelays, type RelaySettings } from '../runtime/config/relay-settings.ts'
import type { RelayAbility } from '../runtime/services.ts'
import { optionsOf } from './smtp-session.ts'

/** Who typed the address waits for this. */
const PATIENCE_MS = 3_000
/** A relay's abilities change with its software, if ever; one that could not be asked is asked again sooner. */
const KNOWN_FOR_MS = 3_600_000
const UNKNOWN_FOR_MS = 60_000

/**
 * Whether every relay of ours carries letters beyond ASCII before the @ (SMTPUTF8, RFC 6531). Asked when the first such address is
 * typed, and remembered; a relay that cannot be asked counts as one that does not.
 *
 * @param urls SMTP_URL
 * @param ask for tests: how it is asked
 */
export function relayAbility(urls: string, ask = greetingOf): RelayAbility {
  let known: { carries: Promise<boolean>; until: number } | undefined
  return {
    carriesUtf8() {
      if (!known || known.until < performance.now()) {
        const answer = {
          until: performance.now() + KNOWN_FOR_MS,
          carries: Promise.all(parseRelays(urls, 1).map(ask)).then(
            (greetings) => greetings.every((greeting) => /[ -]SMTPUTF8\b/i.test(greeting)),
            () => {
              answer.until = performance.now() + UNKNOWN_FOR_MS
              return false
            },
          ),
        }
        known = answer
      }
      return known.carries
    },
  }
}

/** What the relay says to EHLO: its extensions, a line each. */
function greetingOf(relay: RelaySettings): Promise<string> {
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
