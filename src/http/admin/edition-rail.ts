import { plainMoment } from '../../calendar/words.ts'
import { progressOf } from '../../delivery/ledger/progress.ts'
import type { EditionKey } from '../../edition/draft/control.ts'
import { listLatestEditions } from '../../edition/draft/curator-view.ts'
import { editionHref } from '../../operate/attention/attention.ts'
import { findAttention } from '../../operate/attention/find.ts'
import { openSubmissions } from '../../papers/ingest/submissions.ts'
import type { Services } from '../../runtime/services.ts'
import { describeState, shortNameOf } from './edition-labels.ts'
import { outcomeFigures } from './progress-figures.ts'

const EDITIONS_READ = 14

/** What stands beside an edition: what needs a person, the newest one that is out, and other drafts. */
export async function readRail(services: Services, key: EditionKey) {
  const [needed, editions, submissions] = await Promise.all([
    findAttention(services),
    listLatestEditions(services, EDITIONS_READ),
    openSubmissions(services),
  ])
  const isOther = (edition: EditionKey) => edition.kind !== key.kind || edition.date !== key.date
  const out = editions.find((edition) => ['sending', 'paused', 'sent'].includes(edition.state) && isOther(edition))
  const progress = out && (await progressOf(services, out.id))
  return {
    needed: needed.map(({ since, href, ...each }) => ({
      ...each,
      since: since ? plainMoment(since) : '',
      href: href === '/admin' || href === editionHref(key) ? '' : href,
    })),
    waiting: submissions.filter(({ state }) => state === 'found').length,
    out: out &&
      progress && {
        name: shortNameOf(out),
        href: editionHref(out),
        total: progress.total.toLocaleString('en'),
        figures: outcomeFigures(progress.states),
      },
    drafts: editions
      .filter((edition) => edition.state === 'draft' && isOther(edition))
      .map((edition) => ({ name: shortNameOf(edition), href: editionHref(edition), state: describeState(edition) })),
  }
}
