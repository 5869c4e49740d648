import { feedbackId } from '../mail/feedback-id.ts'
import { listId } from '../mail/list-id.ts'
import { messageIdOf } from '../mail/message-id.ts'
import { unsubscribeMailto } from '../mail/own-addresses.ts'
import { providerHeaders } from '../mail/provider-headers.ts'
import { mintToken, type TokenKeys } from '../mail/tokens.ts'
import type { Config } from '../runtime/config/config.ts'
import { alertContent } from './alert-content.ts'
import { composer } from './composer.ts'
import { renderServiceEmail } from './render-service-email.ts'
import type { AlertEmail, ServiceEmail, SignInEmail } from './service-email.ts'
import { serviceEmailContent } from './service-email-content.ts'
import { signInContent } from './sign-in-content.ts'

/**
 * Returns the bytes of a service email. Tokens are minted now, so that a delayed email still has fresh links.
 * It contains no text that a stranger typed.
 */
export async function composeServiceEmail(
  { config, keys, now }: { config: Config; keys: TokenKeys; now: () => Date },
  mail: ServiceEmail | SignInEmail | AlertEmail,
): Promise<Buffer> {
  const content =
    mail.kind === 'sign-in'
      ? signInContent({ config, keys }, mail.sessionId, now())
      : mail.kind === 'alert'
        ? alertContent(config, mail.problems)
        : serviceEmailContent({ config, keys }, mail, now())
  const { html, text } = await renderServiceEmail(config, content)
  const { message } = await composer.sendMail({
    from: config.MAIL_FROM,
    to: { name: '', address: mail.email },
    ...(config.REPLY_TO ? { replyTo: config.REPLY_TO } : {}),
    subject: content.subject,
    messageId: messageIdOf(config, mail.messageKey, mail.id),
    date: now(),
    html,
    text,
    textEncoding: 'quoted-printable',
    headers: {
      ...(mail.kind === 'sign-in' || mail.kind === 'alert' ? {} : listHeaders({ config, keys }, mail, now())),
      'Auto-Submitted': 'auto-generated',
    },
  })
  return message as Buffer
}

/** Headers for list email. Emails to admins have none. */
const listHeaders = ({ config, keys }: { config: Config; keys: TokenKeys }, mail: ServiceEmail, at: Date) => ({
  ...unsubscribeHeaders({ config, keys }, mail, at),
  'List-Id': listId(config, 'service'),
  'List-Archive': `<${config.PUBLIC_URL}/editions>`,
  'Feedback-ID': feedbackId([mail.kind, 'service'], config.newsletter.slug),
})

/** Not for `change` and `moved`: the owner of another address could unsubscribe the reader. */
function unsubscribeHeaders({ config, keys }: { config: Config; keys: TokenKeys }, mail: ServiceEmail, at: Date) {
  if (mail.kind === 'change' || mail.kind === 'moved') return {}
  const { subscriberId, id: reference } = mail
  const token = mintToken(keys, 'unsubscribe', subscriberId, at)
  return {
    ...providerHeaders({ config, keys }, { subscriberId, mail: 'service', reference }),
    'List-Unsubscribe': {
      prepared: true,
      value: `<${config.PUBLIC_URL}/unsubscribe/${token}>,\r\n <${unsubscribeMailto(config, token)}>`,
    },
    'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
  }
}
