import { type Locale, type Messages, messagesIn } from '../../messages/catalogue.ts'
import { topicName } from '../../papers/topics/topics.ts'
import type { ShownPaper } from '../compose/placeholders.ts'
import type { ChosenPaper, OwnReason } from './choose.ts'

/** What was chosen for a reader as their digest shows it: the reasons of their own in words. */
export function shownTo(chosen: readonly ChosenPaper[], locale: Locale): ShownPaper[] {
  const t = messagesIn(locale)
  return chosen.map(({ position, section, reasons }) =>
    reasons.length === 0
      ? { position, section }
      : { position, section, because: reasons.map((reason) => inWords(reason, t)).join(', ') },
  )
}

function inWords(reason: OwnReason, t: Messages): string {
  if (reason.kind === 'topic') return t.reason.topic(topicName(reason.slug))
  return reason.kind === 'keyword' ? t.reason.keyword(reason.word) : t.reason.like
}
