import type { EditionKey } from '../../edition/draft/control.ts'
import { parseAddress } from '../../mail/address.ts'
import { addressOf } from '../../mail/mailbox.ts'
import { openDkim, signing } from '../../relay/dkim.ts'
import type { Outcome } from '../../relay/outcome.ts'
import { openRelays } from '../../relay/relays.ts'
import type { Services } from '../../runtime/services.ts'
import { type PreviewOverrides, preview } from './preview.ts'

/**
 * Emails an edition as a test to one address, with [Test] before its subject. It enters no ledger, has its own Message-ID, and its links
 * lead to a subscription that does not exist, so that it cannot unsubscribe a reader.
 *
 * @param to the address of the person who asks for it
 * @param options.reader address of a subscriber whose papers it shows
 * @throws PaperboyError EDITION_NOT_FOUND | BAD_ADDRESS
 */
export async function sendTest(
  services: Pick<Services, 'db' | 'config' | 'keys' | 'now'>,
  key: EditionKey,
  to: string,
  { reader, ...overrides }: PreviewOverrides & { reader?: string | undefined } = {},
): Promise<Outcome> {
  const { email } = parseAddress(to)
  const { eml } = await preview(services, key, reader, { ...overrides, testFor: email })
  const { config, now } = services
  const relay = signing(openRelays({ ...config, SMTP_CONNECTIONS: 1 }), await openDkim(config), now)
  try {
    return await relay.send({ from: addressOf(config.MAIL_FROM), to: email }, { bytes: eml })
  } finally {
    relay.close()
  }
}
