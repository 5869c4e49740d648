import { messageIdOf } from '../delivery/send/edition-renderer.ts'
import { domainOf } from '../edition/compose/headers.ts'
import { messagesIn } from '../messages/catalogue.ts'
import type { Config } from '../runtime/config/config.ts'
import { composer } from './composer.ts'
import { serviceBodies } from './service-bodies.ts'

/** One problem, as an email to the operators tells it. */
export interface AlertProblem {
  part: string
  state: 'doubtful' | 'wrong'
  /** ISO 8601; null when it is not known */
  since: string | null
  words: string
  remedy: string
  /** below PUBLIC_URL */
  href: string
}

/** An email to one of ADMIN_EMAILS: each problem with since when, what to do and where to look. */
export async function composeAlert(
  config: Pick<Config, 'PUBLIC_URL' | 'MAIL_FROM' | 'POSTAL_ADDRESS'>,
  mail: { id: number; address: string; messageKey: Buffer; problems: readonly AlertProblem[] },
  at: Date,
): Promise<Buffer> {
  const { problems } = mail
  const host = new URL(config.PUBLIC_URL).host
  const [first] = problems
  const one = problems.length === 1 ? first : undefined
  const pageOf = ({ href }: AlertProblem) => `${config.PUBLIC_URL}${href}`
  const words = {
    t: messagesIn('en'),
    subject: one
      ? `${host}: ${one.part}: ${one.words.split(/: |\. /)[0]}`
      : `${host}: ${problems.length} problems need you`,
    heading: one ? `${one.part} needs you` : `${problems.length} problems need you`,
    lead: one ? told(one) : 'Each of these needs a person:',
    moment: undefined,
    button: one ? 'Look at it' : 'Open the overview',
    url: one ? pageOf(one) : `${config.PUBLIC_URL}/admin`,
    after: one
      ? [`What to do: ${one.remedy}.`]
      : problems.map((each) => `${each.part}: ${told(each)} What to do: ${each.remedy}. ${pageOf(each)}`),
    links: [],
    why: `You get this email because your address is in ADMIN_EMAILS at ${host}. You get one per problem and day.`,
  }
  const { html, text } = await serviceBodies(words, config.POSTAL_ADDRESS)
  const { message } = await composer.sendMail({
    from: config.MAIL_FROM,
    to: { name: '', address: mail.address },
    subject: words.subject,
    messageId: `<${messageIdOf(mail.messageKey, mail.id)}@${domainOf(config.MAIL_FROM)}>`,
    date: at,
    html,
    text,
    textEncoding: 'quoted-printable',
    headers: { 'Auto-Submitted': 'auto-generated' },
  })
  return message as Buffer
}

const told = ({ words, since }: AlertProblem): string => {
  const sentence = `${words[0]!.toUpperCase()}${words.slice(1)}${/[.?!]$/.test(words) ? '' : '.'}`
  return since === null ? sentence : `${sentence} Since ${since.slice(0, 16).replace('T', ' ')} UTC.`
}
