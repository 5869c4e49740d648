import { plainDay } from '../../calendar/words.ts'
import { renderPaperNote } from '../../edition/compose/markdown.ts'
import type { CuratorPaper } from '../../edition/draft/curator-view.ts'
import { fingerprint } from '../../lib/fingerprint.ts'
import { isolated } from '../../lib/isolated.ts'
import { messagesIn } from '../../messages/catalogue.ts'
import { paperPath } from '../../papers/paper-path.ts'
import { authorLine } from '../../papers/readable.ts'
import { anchorOf } from './edition-labels.ts'

/** A paper of an edition as templates/pages/admin/paper-row.eta shows it. */
export function paperRow(paper: CuratorPaper) {
  const { verdict, note, place, section, authors, organization, codeUrl, stars, isGuest } = paper
  return {
    ...paper,
    seen: fingerprint(verdict, note, place),
    meta: [
      authorLine(authors, messagesIn('en')),
      isolated(organization ?? ''),
      codeUrl && (stars ? `Code ★ ${stars.toLocaleString('en')}` : 'Code'),
    ]
      .filter(Boolean)
      .join(' · '),
    href: paperPath(paper),
    anchor: anchorOf(paper.sourceId),
    path: encodeURIComponent(paper.sourceId),
    isPicked: verdict === 'picked',
    canMove: section !== 'rising',
    // The standing says it.
    reason: verdict === 'picked' ? '' : paper.reason,
    noteHtml: note ? renderPaperNote(note, '').html : undefined,
    standing: [
      verdict === 'picked' && (isGuest ? `Added from ${plainDay(paper.listDay)}.` : 'Picked.'),
      place !== null && `Pinned to place ${place}.`,
      section === 'rising' && 'Still rising.',
      section === 'new' && 'Only new.',
    ]
      .filter(Boolean)
      .join(' '),
  }
}
