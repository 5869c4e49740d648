import nodemailer from 'nodemailer'
import type { Config } from '../config.ts'
import { leaveByMail, messageIdOf } from '../delivery/digest-press.ts'
import { domainOf } from '../edition/headers.ts'
import { renderMail } from '../edition/templates.ts'
import { CONFIRM_WINDOW_DAYS } from '../subscription/confirm.ts'
import { mintToken, type TokenKeys } from '../subscription/tokens.ts'

/** A service mail that was marked to be handed over, with what its text needs of its reader. */
export interface ServiceMail {
  id: number
  kind: 'confirm' | 'welcome' | 'already'
  subscriberId: number
  email: string
  zone: string
  nextDigestAt: Date | null
  confirmNonce: Buffer | null
  messageKey: Buffer
}

const SUBJECTS = {
  confirm: 'Please confirm your address',
  welcome: 'Welcome to Paperboy',
  already: 'You are subscribed to Paperboy already',
}

// nodemailer composes and encodes; the relay pool hands over, so that there is one way out and one reading of its outcome.
const composer = nodemailer.createTransport({ streamTransport: true, buffer: true, newline: 'windows' })

/** The mail's bytes. Tokens are minted now, so that a mail that waited still brings links of full age. Nothing a stranger typed is in it. */
export async function composeServiceMail(
  { config, keys, now }: { config: Config; keys: TokenKeys; now: () => Date },
  mail: ServiceMail,
): Promise<Buffer> {
  const { subscriberId, kind } = mail
  const link = (page: string, token: string) => `${config.PUBLIC_URL}/${page}/${token}`
  const unsubscribeToken = mintToken(keys, 'unsubscribe', subscriberId, now())
  const unsubscribeUrl = link('unsubscribe', unsubscribeToken)
  const { html, text } = await renderMail(kind, {
    subject: SUBJECTS[kind],
    preheader: '',
    confirmUrl:
      mail.confirmNonce && link('confirm', mintToken(keys, 'confirm', subscriberId, now(), mail.confirmNonce)),
    confirmDays: CONFIRM_WINDOW_DAYS,
    preferencesUrl: link('preferences', mintToken(keys, 'preferences', subscriberId, now())),
    homeUrl: `${config.PUBLIC_URL}/`,
    firstDigest: mail.nextDigestAt && inReadersTime(mail.nextDigestAt, mail.zone),
    why: `This mail was sent because of a sign-up at ${new URL(config.PUBLIC_URL).host}.`,
    postalAddress: config.POSTAL_ADDRESS,
  })
  const { message } = await composer.sendMail({
    from: config.MAIL_FROM,
    to: { name: '', address: mail.email },
    ...(config.REPLY_TO ? { replyTo: config.REPLY_TO } : {}),
    subject: SUBJECTS[kind],
    messageId: `<${messageIdOf(mail.messageKey, mail.id)}@${domainOf(config.MAIL_FROM)}>`,
    date: now(),
    html,
    text,
    textEncoding: 'quoted-printable',
    headers: {
      'List-Unsubscribe': {
        prepared: true,
        value: `<${unsubscribeUrl}>,\r\n <${leaveByMail(config, unsubscribeToken)}>`,
      },
      'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
      'List-Id': `Paperboy <service.paperboy.${domainOf(config.MAIL_FROM)}>`,
      'List-Archive': `<${config.PUBLIC_URL}/editions>`,
      'Feedback-ID': `${kind}:service:paperboy`,
      'Auto-Submitted': 'auto-generated',
    },
  })
  return message as Buffer
}

/** "Tuesday, 14 April 2026 at 08:00 (Europe/Berlin)"; in UTC where the database knows a zone that this Node does not yet. */
function inReadersTime(at: Date, zone: string): string {
  const format = (timeZone: string) =>
    `${new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'short', timeZone }).format(at)} (${timeZone})`
  try {
    return format(zone)
  } catch {
    return format('UTC')
  }
}
