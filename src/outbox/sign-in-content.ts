import { mintToken } from '../mail/tokens.ts'
import { messagesIn } from '../messages/catalogue.ts'
import type { Services } from '../runtime/services.ts'
import type { EmailContent } from './service-email.ts'

/** How long a sign-in link works; each link works once. */
export const LINK_MINUTES = 15

export const signInUrl = ({ config, keys }: Pick<Services, 'config' | 'keys'>, sessionId: number, at: Date): string =>
  `${config.PUBLIC_URL}/admin/sign-in/${mintToken(keys, 'sign-in', sessionId, at)}`

/** Returns the content of a sign-in email. The link is minted now; its page checks whether it is still valid. */
export const signInContent = (
  { config, keys }: Pick<Services, 'config' | 'keys'>,
  sessionId: number,
  at: Date,
): EmailContent => ({
  t: messagesIn('en'),
  subject: `Sign in to ${config.newsletter.name}`,
  heading: 'Sign in',
  lead: 'This link opens the admin pages in the browser where you click it.',
  moment: undefined,
  button: 'Sign in',
  url: signInUrl({ config, keys }, sessionId, at),
  after: [
    `It works once, within ${LINK_MINUTES} minutes.`,
    'If you did not request it, ignore this email. Signing in needs this link.',
  ],
  links: [],
  unsubscribe: undefined,
  why: `You get this email because your address is in ADMIN_EMAILS at ${new URL(config.PUBLIC_URL).host}.`,
})
