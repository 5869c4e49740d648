import { mintToken } from '../mail/tokens.ts'
import { messagesIn } from '../messages/catalogue.ts'
import type { Services } from '../runtime/services.ts'
import type { EmailContent } from './service-email.ts'

/** How long a sign-in link works; each link works once. */
export const LINK_MINUTES = 15

export const signInUrl = ({ config, keys }: Pick<Services, 'config' | 'keys'>, sessionId: number, at: Date): string =>
  `${config.PUBLIC_URL}/admin/sign-in/${mintToken(keys, 'sign-in', sessionId, at)}`

/** The words of the email with a link to sign in. The link is minted now; the page that it opens says whether it is still good. */
export const signInContent = (
  { config, keys }: Pick<Services, 'config' | 'keys'>,
  sessionId: number,
  at: Date,
): EmailContent => ({
  t: messagesIn('en'),
  subject: 'Sign in to Paperboy',
  heading: 'Sign in',
  lead: 'This link opens the pages of the curator and the operator, in the browser that you open it in.',
  moment: undefined,
  button: 'Sign in',
  url: signInUrl({ config, keys }, sessionId, at),
  after: [
    `It is good for ${LINK_MINUTES} minutes, and once.`,
    'If it was not you who asked for it, do nothing: nobody gets in without it.',
  ],
  links: [],
  why: `You get this mail because your address is in ADMIN_EMAILS at ${new URL(config.PUBLIC_URL).host}.`,
})
