import { fullDay, plainDay, plainMoment } from '../../calendar/words.ts'
import { describeProgress } from '../../delivery/ledger/progress.ts'
import { describeSendingDetails } from '../../delivery/ledger/sending-details.ts'
import { describePlan } from '../../delivery/plan/send-plan.ts'
import { MAX_NOTE } from '../../edition/compose/editor-note.ts'
import type { EditionKey } from '../../edition/draft/control.ts'
import { type CuratorPaper, readCuratorView } from '../../edition/draft/curator-view.ts'
import { describeRelease } from '../../edition/draft/describe-release.ts'
import { LOCALES, messagesIn } from '../../messages/catalogue.ts'
import { editionStatus } from '../../operate/status.ts'
import { paperPath } from '../../papers/paper-path.ts'
import { authorLine } from '../../papers/readable.ts'
import type { Services } from '../../runtime/services.ts'
import { actionsFor } from './edition-actions.ts'
import { describeState, editionHref } from './edition-labels.ts'

/** An edition as templates/pages/admin/edition.eta shows it. @throws PaperboyError EDITION_NOT_FOUND */
export async function editionView(services: Services, key: EditionKey) {
  const { edition, papers, dropped } = await readCuratorView(services, key)
  const { state, byHand, closesAt, releasedAt, listReadAt, subject, pausedWhy } = edition
  const progress = await editionStatus(services, edition)
  const { total, open, sending } = progress
  return {
    name: nameOf(key),
    href: editionHref(key),
    state,
    status: describeState(edition),
    facts: [
      ['List closes', plainMoment(closesAt)],
      ['List read', listReadAt && plainMoment(listReadAt)],
      releasedAt
        ? ['Released', `${plainMoment(releasedAt)}${byHand ? ', by hand' : ''}`]
        : ['Is released', describeRelease(edition, services.now())],
      ['Subject', subject],
      ['Paused automatically', pausedWhy],
      ['Deliveries', total > 0 ? `${total.toLocaleString('en')}: ${describeProgress(progress)}` : undefined],
    ].filter(([, value]) => value),
    share: total === 0 ? undefined : Math.floor(((total - open) / total) * 100),
    sending: sending ? [describePlan(sending.plan, services.now()), ...describeSendingDetails(sending)] : [],
    note: edition.editorNote ?? '',
    maxNote: MAX_NOTE,
    actions: actionsFor(edition),
    papers: papers.map((paper, index) => ({ ...row(paper), number: index + 1 })),
    dropped: dropped.map(row),
    locales: LOCALES,
  }
}

const row = (paper: CuratorPaper) => ({
  ...paper,
  authors: authorLine(paper.authors, messagesIn('en')),
  day: plainDay(paper.listDay),
  href: paperPath(paper),
  anchor: anchorOf(paper.sourceId),
  path: encodeURIComponent(paper.sourceId),
})

export const anchorOf = (sourceId: string): string => `p-${sourceId.replaceAll(/[^\w-]/g, '-')}`

export const nameOf = ({ kind, date }: EditionKey): string =>
  kind === 'weekly' ? `Week of ${plainDay(date)}` : fullDay(date)
