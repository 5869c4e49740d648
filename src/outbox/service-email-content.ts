import { momentInZone } from '../calendar/in-zone.ts'
import { promisedDigestAt } from '../calendar/promised-digest.ts'
import { mintToken, type TokenKeys } from '../mail/tokens.ts'
import { isLocale, type Messages } from '../messages/catalogue.ts'
import type { Config } from '../runtime/config/config.ts'
import { messagesOf } from '../runtime/config/newsletter.ts'
import { mintManageToken } from '../subscription/manage.ts'
import type { EmailContent, ServiceEmail } from './service-email.ts'

/** Returns the content of an email in its reader's language. Tokens in links are minted now. */
export function serviceEmailContent(
  { config, keys }: { config: Config; keys: TokenKeys },
  mail: ServiceEmail,
  at: Date,
): EmailContent {
  const { kind, subscriberId } = mail
  const t = messagesOf(config.newsletter, isLocale(mail.locale) ? mail.locale : undefined)
  const link = (page: string, token: string) => `${config.PUBLIC_URL}/${page}/${token}`
  const confirmUrl = () => link('confirm', mintToken(keys, 'confirm', subscriberId, at, mail.nonce!))
  const manageUrl = () => link('manage', mintManageToken(keys, subscriberId, at, mail.addressHash))
  const urls: Record<ServiceEmail['kind'], () => string> = {
    confirm: confirmUrl,
    remind: confirmUrl,
    welcome: () => `${config.PUBLIC_URL}/`,
    already: manageUrl,
    manage: manageUrl,
    moved: () => `${config.PUBLIC_URL}/subscribe`,
    change: () => link('change', mintToken(keys, 'change', subscriberId, at, mail.nonce!)),
  }
  const back = { confirm: 'confirmBack', welcome: 'welcomeBack' } as const
  const words = t.mails[mail.returning && kind in back ? back[kind as keyof typeof back] : kind]
  const ofReader = kind === 'welcome' || kind === 'already'
  return {
    t,
    ...words,
    lead: mail.begun && 'leadBegun' in words ? words.leadBegun : words.lead,
    moment:
      ofReader && mail.nextDigestAt
        ? momentInZone(t, promised(config, mail, mail.nextDigestAt, at), mail.zone)
        : undefined,
    url: urls[kind](),
    links: ofReader
      ? preferenceLinks(t, link('preferences', mintToken(keys, 'preferences', subscriberId, at)), mail)
      : [],
    unsubscribe: ofReader
      ? { label: t.unsubscribe.button, url: link('unsubscribe', mintToken(keys, 'unsubscribe', subscriberId, at)) }
      : undefined,
    why: (kind === 'manage' || kind === 'change' || kind === 'moved' ? t.mails.whyAsked : t.mails.why)(
      new URL(config.PUBLIC_URL).host,
    ),
  }
}

/** A reader whose first edition is being sent has every list until now. */
const promised = (config: Config, mail: ServiceEmail, nextDigestAt: Date, at: Date): Date =>
  promisedDigestAt({ ...mail, nextDigestAt }, config.EDITION_CLOSE_HOUR_UTC, mail.begun ? at : undefined)

/** A new reader gets the three choices that matter most, each with its place on the page. Others know the page. */
const preferenceLinks = ({ mails }: Messages, page: string, { kind, returning }: ServiceEmail) =>
  kind === 'welcome' && !returning
    ? (['topics', 'size', 'hour'] as const).map((field) => ({ label: mails.choices[field], url: `${page}#${field}` }))
    : [{ label: mails.preferences, url: page }]
