import { parseRelays, type RelaySettings } from '../runtime/config/relay-settings.ts'
import type { RelayAbility } from '../runtime/services.ts'

/** A relay's extensions change with its software, if ever. A relay that did not answer is asked again sooner. */
const KNOWN_FOR_MS = 3_600_000
const UNKNOWN_FOR_MS = 60_000

/**
 * Finds out whether every configured relay accepts non-ASCII letters before the @ (SMTPUTF8, RFC 6531). Asks when the first such
 * address is typed, and caches the answer. A relay that does not answer counts as one without the extension.
 *
 * @param urls SMTP_URL
 * @param ask returns a relay's EHLO reply; replaced in tests
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

/** Loads the SMTP client when the first such address comes, because most processes never meet one. */
const greetingOf = async (relay: RelaySettings): Promise<string> => (await import('./greeting.ts')).greetingOf(relay)
