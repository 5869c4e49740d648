import { createMessageId } from '../mail/headers.ts'
import { domainOf } from '../mail/mailbox.ts'
import { unsubscribeMailto } from '../mail/own-addresses.ts'
import { providerHeaders } from '../mail/provider-headers.ts'
import { mintToken, type TokenKeys } from '../mail/tokens.ts'
import type { Config } from '../runtime/config/config.ts'
import { type AlertProblem, alertWords } from './alert-words.ts'
import { composer } from './composer.ts'
import { serviceBodies } from './service-bodies.ts'
import { serviceWords } from './service-words.ts'
import { signInWords } from './sign-in-words.ts'

/** A service mail that was marked to be handed over, with what its text needs of its reader. */
export interface ServiceMail {
  id: number
  kind: 'confirm' | 'remind' | 'welcome' | 'already' | 'manage' | 'change'
  subscriberId: number
  /** where it goes: the reader's address, or the one they want */
  email: string
  zone: string
  cadence: 'daily' | 'weekdays' | 'weekly'
  locale: string
  nextDigestAt: Date | null
  addressHash: Buffer
  /** of the request that `confirm`, `remind` and `change` ask to confirm */
  nonce: Buffer | null
  /** whether they were a reader before */
  returning: boolean
  /** whether the newest edition was planned for them as they confirmed, so that their next digest is not their first */
  begun: boolean
  messageKey: Buffer
}

/** An email with a link to sign in, that was marked to be handed over. */
export interface SignInMail {
  id: number
  kind: 'sign-in'
  sessionId: number
  email: string
  messageKey: Buffer
}

/** An email to one of ADMIN_EMAILS that something needs a person, marked to be handed over. */
export interface AlertMail {
  id: number
  kind: 'alert'
  problems: readonly AlertProblem[]
  email: string
  messageKey: Buffer
}

/** The mail's bytes. Tokens are minted now, so that a mail that waited still brings links of full age. Nothing a stranger typed is in it. */
export async function composeServiceMail(
  { config, keys, now }: { config: Config; keys: TokenKeys; now: () => Date },
  mail: ServiceMail | SignInMail | AlertMail,
): Promise<Buffer> {
  const words =
    mail.kind === 'sign-in'
      ? signInWords({ config, keys }, mail.sessionId, now())
      : mail.kind === 'alert'
        ? alertWords(config, mail.problems)
        : serviceWords({ config, keys }, mail, now())
  const { html, text } = await serviceBodies(words, config.POSTAL_ADDRESS)
  const { message } = await composer.sendMail({
    from: config.MAIL_FROM,
    to: { name: '', address: mail.email },
    ...(config.REPLY_TO ? { replyTo: config.REPLY_TO } : {}),
    subject: words.subject,
    messageId: `<${createMessageId(mail.messageKey, mail.id)}@${domainOf(config.MAIL_FROM)}>`,
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
const listHeaders = ({ config, keys }: { config: Config; keys: TokenKeys }, mail: ServiceMail, at: Date) => ({
  ...waysOut({ config, keys }, mail, at),
  'List-Id': `Paperboy <service.paperboy.${domainOf(config.MAIL_FROM)}>`,
  'List-Archive': `<${config.PUBLIC_URL}/editions>`,
  'Feedback-ID': `${mail.kind}:service:paperboy`,
})

/** Not in a mail to an address that somebody wants to change to: whoever has it could end another one's subscription. */
function waysOut({ config, keys }: { config: Config; keys: TokenKeys }, mail: ServiceMail, at: Date) {
  if (mail.kind === 'change') return {}
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
