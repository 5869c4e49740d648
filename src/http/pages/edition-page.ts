import { fullDay, plainDay, shortDay, weekdayAndNumber } from '../../calendar/words.ts'
import type { EditionList, EditionPaper } from '../../edition/compose/edition-list.ts'
import type { Messages } from '../../messages/en.ts'
import { cardMeta, editionCard } from '../cards/card-text.ts'
import { paperItem, type Shown } from './paper-item.ts'

type Kind = EditionList['kind']

export const editionPath = (kind: Kind, date: string): string =>
  `/editions/${date}${kind === 'weekly' ? '?kind=weekly' : ''}`

const editionEmailPath = (kind: Kind, date: string): string =>
  `/editions/${date}/email${kind === 'weekly' ? '?kind=weekly' : ''}`

/** "Friday, 14 March 2025", or "Week of 10 March 2025" */
export const editionName = (kind: Kind, date: string, t: Messages): string =>
  kind === 'weekly' ? t.editions.weekOf(plainDay(date, t.intl)) : fullDay(date, t.intl)

/** An edition for templates/pages/edition.eta. */
export function editionPage(edition: EditionList, curator: string, page: Shown) {
  const { t } = page
  const { kind, date, previous, next, papers } = edition
  const step = (day: string | undefined) =>
    day && {
      href: editionPath(kind, day),
      says: editionName(kind, day, t),
      label: kind === 'weekly' ? shortDay(day, t.intl) : weekdayAndNumber(day, t.intl),
    }
  const sections = [...Map.groupBy(papers, (paper) => paper.section)].map(([section, own]) => ({
    name: section === 'picks' ? t.digest.picks(curator) : t.digest[section],
    id: section,
    start: own[0]!.rank,
    papers: own.map((paper) => editionItem(paper, page)),
  }))
  return {
    title: `${t.editions.one} ${editionName(kind, date, t)}`,
    heading: {
      before: t.editions.one,
      name: editionName(kind, date, t),
      count: t.common.papers(papers.length),
      kind: t.digest[kind],
    },
    canonical: editionPath(kind, date),
    card: cardMeta(`editions/${date}-${kind}`, editionCard(edition, t), t),
    email: editionEmailPath(kind, date),
    nav: { previous: step(previous), next: step(next) },
    sections,
  }
}

const editionItem = (paper: EditionPaper, page: Shown) => ({ ...paperItem(paper, page), note: paper.note })
