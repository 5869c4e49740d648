import { minuteUtc } from '../calendar/words.ts'
import { capitalise } from '../lib/capitalise.ts'
import type { Config } from '../runtime/config/config.ts'
import { messagesOf } from '../runtime/config/newsletter.ts'
import type { AlertProblem, EmailContent } from './service-email.ts'

/** Returns the content of an alert: each problem with its start, the remedy and a link. */
export function alertContent(
  config: Pick<Config, 'PUBLIC_URL' | 'newsletter'>,
  problems: readonly AlertProblem[],
): EmailContent {
  const host = new URL(config.PUBLIC_URL).host
  const one = problems.length === 1 ? problems[0] : undefined
  const pageOf = ({ href }: AlertProblem) => `${config.PUBLIC_URL}${href}`
  return {
    t: messagesOf(config.newsletter, 'en'),
    subject: one ? `${host}: ${titleOf(one)}` : `${host}: ${problems.length} problems need you`,
    heading: one ? `${one.part} needs you` : `${problems.length} problems need you`,
    lead: one ? sentenceOf(one) : 'Each of these needs a person:',
    moment: undefined,
    button: one ? 'Look at it' : 'Open the overview',
    url: one ? pageOf(one) : `${config.PUBLIC_URL}/admin`,
    after: one
      ? [`What to do: ${one.remedy}.`]
      : problems.map((each) => `${each.part}: ${sentenceOf(each)} What to do: ${each.remedy}.`),
    links: one ? [] : problems.map((each) => ({ label: titleOf(each), url: pageOf(each) })),
    unsubscribe: undefined,
    why: `You get this email because your address is in ADMIN_EMAILS at ${host}. You get one per problem and day.`,
  }
}

const titleOf = ({ part, message }: AlertProblem): string => `${part}: ${message.split(/: |\. /)[0]}`

const sentenceOf = ({ message, since }: AlertProblem): string => {
  const sentence = `${capitalise(message)}${/[.?!]$/.test(message) ? '' : '.'}`
  return since === null ? sentence : `${sentence} Since ${minuteUtc(new Date(since))}.`
}
