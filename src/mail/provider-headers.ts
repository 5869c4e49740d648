import type { Mailbox } from './mailbox.ts'
import { type Returned, returnPath } from './return-path.ts'
import type { TokenKeys } from './tokens.ts'

interface Settings {
  MAIL_FROM: Mailbox
  SENDGRID_WEBHOOK_KEY?: string | undefined
  MAILGUN_WEBHOOK_KEY?: string | undefined
  POSTMARK_WEBHOOK_LOGIN?: string | undefined
}

/** What the code is called in a provider's headers and webhooks. */
export const REFERENCE = 'reference'
/** Its name before; webhooks about emails that were sent then still have it. */
export const FORMER_REFERENCE = 'paperboy'

/**
 * Returns headers that a provider repeats in its webhooks. They hold the signed code of the return path, since some
 * providers replace the envelope sender.
 * Providers remove these headers before delivery. SES needs none: it reports the envelope sender itself.
 */
export function providerHeaders(
  { config, keys }: { config: Settings; keys: Pick<TokenKeys, 'current'> },
  returned: Returned,
): Record<string, string> {
  // Most relays are no such provider, and a code costs as much as a link token.
  if (!config.POSTMARK_WEBHOOK_LOGIN && !config.SENDGRID_WEBHOOK_KEY && !config.MAILGUN_WEBHOOK_KEY) return {}
  const code = returnPath({ config: { MAIL_FROM: config.MAIL_FROM, BOUNCE_ADDRESS: '*@reference' }, keys }, returned)
  return {
    ...(config.POSTMARK_WEBHOOK_LOGIN ? { [`X-PM-Metadata-${REFERENCE}`]: code, 'X-PM-KeepID': 'true' } : {}),
    ...(config.SENDGRID_WEBHOOK_KEY ? { 'X-SMTPAPI': JSON.stringify({ unique_args: { [REFERENCE]: code } }) } : {}),
    ...(config.MAILGUN_WEBHOOK_KEY ? { 'X-Mailgun-Variables': JSON.stringify({ [REFERENCE]: code }) } : {}),
  }
}
