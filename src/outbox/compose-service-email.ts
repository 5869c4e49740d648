import { leaveByMail, messageIdOf } from '../delivery/send/edition-renderer.ts'
import { domainOf } from '../mail/mailbox.ts'
import { providerHeaders } from '../mail/provider-headers.ts'
import { mintToken, type TokenKeys } from '../mail/tokens.ts'
import type { Config } from '../runtime/config/config.ts'
import { alertContent } from './alert-content.ts'
import { composer } from './composer.ts'
import { renderServiceEmail } from './render-service-email.ts'
import type { AlertEmail, ServiceEmail, SignInEmail } from './service-email.ts'
import { serviceEmailContent } from './service-email-content.ts'
import { signInContent } from './sign-in-content.ts'

/** The mail's bytes. Tokens are minted now, so that a mail that waited still brings links of full age. Nothing a stranger typed is in it. */
export async function composeServiceEmail(
  { config, keys, now }: { config: Config; keys: TokenKeys; now: () => Date },
  mail: ServiceEmail | SignInEmail | AlertEmail,
): Promise<Buffer> {
  const words =
    mail.kind === 'sign-in'
      ? signInContent({ config, keys }, mail.sessionId, now())
      : mail.kind === 'alert'
        ? alertContent(config, mail.problems)
        : serviceEmailContent({ config, keys }, mail, now())
  const { html, text } = await renderServiceEmail(words, config.POSTAL_ADDRESS)
  const { message } = await composer.sendMail({
    from: config.MAIL_FROM,
    to: { name: '', address: mail.email },
    ...(config.REPLY_TO ? { replyTo: config.REPLY_TO } : {}),
    subject: words.subject,
    messageId: `<${messageIdOf(mail.messageKey, mail.id)}@${domainOf(config.MAIL_FROM)}>`,
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

/** An admin is on no list. */
const listHeaders = ({ config, keys }: { config: Config; keys: TokenKeys }, mail: ServiceEmail, at: Date) => ({
  ...unsubscribeHeaders({ config, keys }, mail, at),
  'List-Id': `Paperboy <service.paperboy.${domainOf(config.MAIL_FROM)}>`,
  'List-Archive': `<${config.PUBLIC_URL}/editions>`,
  'Feedback-ID': `${mail.kind}:service:paperboy`,
})

/** Not in a mail to an address that somebody wants to change to: whoever has it could end another one's subscription. */
function unsubscribeHeaders({ config, keys }: { config: Config; keys: TokenKeys }, mail: ServiceEmail, at: Date) {
  if (mail.kind === 'change') return {}
  const { subscriberId, id: reference } = mail
  const token = mintToken(keys, 'unsubscribe', subscriberId, at)
  return {
    ...providerHeaders({ config, keys }, { subscriberId, mail: 'service', reference }),
    'List-Unsubscribe': {
      prepared: true,
      value: `<${config.PUBLIC_URL}/unsubscribe/${token}>,\r\n <${leaveByMail(config, token)}>`,
    },
    'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
  }
}
