import { isolated } from '../../lib/isolated.ts'
import { type Locale, type Messages, messagesIn } from '../../messages/catalogue.ts'
import { topicName } from '../../papers/topics/topic-name.ts'
import type { ShownPaper } from '../compose/placeholders.ts'
import { shortenTitle } from '../compose/subject.ts'
import { inDisplayOrder } from './display-order.ts'
import type { SelectedPaper } from './select-papers.ts'
import type { PersonalReason } from './wishes.ts'

/** Fits the name before most titles' colon. */
const MAX_TITLE_CHARACTERS = 44

/** Describes selected papers as a digest shows them, in its order, with the reader's own reasons in words. */
export function describeSelection(selected: readonly SelectedPaper[], locale: Locale): ShownPaper[] {
  const t = messagesIn(locale)
  return inDisplayOrder(selected).map(({ position, section, reasons }) =>
    reasons.length === 0 ? { position, section } : { position, section, because: describeReasons(reasons, t) },
  )
}

/** Topics share one label: "your topics: 3D & rendering, Robotics". */
function describeReasons(reasons: readonly PersonalReason[], t: Messages): string {
  const topics = reasons.flatMap((reason) => (reason.kind === 'topic' ? topicName(reason.slug, t) : []))
  const others = reasons.flatMap((reason) => (reason.kind === 'topic' ? [] : describeReason(reason, t)))
  return [...(topics.length > 0 ? [t.reason.topics(topics)] : []), ...others].join(t.punctuation.comma)
}

function describeReason(reason: Exclude<PersonalReason, { kind: 'topic' }>, t: Messages): string {
  switch (reason.kind) {
    case 'keyword':
      return t.reason.keyword(isolated(reason.word))
    case 'author':
      return t.reason.author(isolated(reason.name))
    case 'organisation':
      return t.reason.organisation(isolated(reason.name))
    case 'paper':
      return t.reason.likePaper(isolated(shortenTitle(reason.title, MAX_TITLE_CHARACTERS)))
    case 'taste':
      return t.reason.taste
    case 'sequel':
      return t.reason.sequel(isolated(reason.name), reason.saved)
  }
}
