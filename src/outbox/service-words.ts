import { momentInZone } from '../calendar/in-zone.ts'
import { promisedDigestAt } from '../calendar/promised-digest.ts'
import { mintToken, type TokenKeys } from '../mail/tokens.ts'
import { isLocale, type Messages, messagesIn } from '../messages/catalogue.ts'
import type { Config } from '../runtime/config/config.ts'
import { mintManageToken } from '../subscription/manage.ts'
import type { ServiceMail } from './compose-service-mail.ts'

/** What templates/service.mjml and its twin print. */
export interface ServiceWords {
  t: Messages
  subject: string
  heading: string
  lead: string
  /** when the next digest comes, on the reader's own clock; behind the lead, on a line of its own */
  moment: string | undefined
  button: string
  url: string
  after: string[]
  /** further links, by their names */
  links: { label: string; url: string }[]
  why: string
}

/**
 * A mail's words in its reader's language, with links whose tokens are minted now.
 */
export function serviceWords(
  { config, keys }: { config: Config; keys: TokenKeys },
  mail: ServiceMail,
  at: Date,
): ServiceWords {
  const { kind, subscriberId } = mail
  const t = messagesIn(isLocale(mail.locale) ? mail.locale : 'en')
  const link = (page: string, token: string) => `${config.PUBLIC_URL}/${page}/${token}`
  const confirmUrl = () => link('confirm', mintToken(keys, 'confirm', subscriberId, at, mail.nonce!))
  const manageUrl = () => link('manage', mintManageToken(keys, subscriberId, at, mail.addressHash))
  const urls: Record<ServiceMail['kind'], () => string> = {
    confirm: confirmUrl,
    remind: confirmUrl,
    welcome: () => `${config.PUBLIC_URL}/`,
    already: manageUrl,
    manage: manageUrl,
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
      ? [{ label: t.mails.preferences, url: link('preferences', mintToken(keys, 'preferences', subscriberId, at)) }]
      : [],
    why: (kind === 'manage' || kind === 'change' ? t.mails.whyAsked : t.mails.why)(new URL(config.PUBLIC_URL).host),
  }
}

/** One whose first edition is under way has every list until now. */
const promised = (config: Config, mail: ServiceMail, nextDigestAt: Date, at: Date): Date =>
  promisedDigestAt({ ...mail, nextDigestAt }, config.EDITION_CLOSE_HOUR_UTC, mail.begun ? at : undefined)
