import { type Locale, type Messages, messagesIn } from '../../messages/catalogue.ts'
import { topicName } from '../../papers/topics/topics.ts'
import type { ShownPaper } from '../compose/placeholders.ts'
import { inDisplayOrder } from './display-order.ts'
import type { PersonalReason, SelectedPaper } from './select-papers.ts'

/** Describes selected papers as a digest shows them, in its order, with the reader's own reasons in words. */
export function describeSelection(selected: readonly SelectedPaper[], locale: Locale): ShownPaper[] {
  const t = messagesIn(locale)
  return inDisplayOrder(selected).map(({ position, section, reasons }) =>
    reasons.length === 0
      ? { position, section }
      : { position, section, because: reasons.map((reason) => describeReason(reason, t)).join(', ') },
  )
}

function describeReason(reason: PersonalReason, t: Messages): string {
  if (reason.kind === 'topic') return t.reason.topic(topicName(reason.slug))
  return reason.kind === 'keyword' ? t.reason.keyword(reason.word) : t.reason.like
}
