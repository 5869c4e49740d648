import { PaperboyError } from '../../../lib/errors.ts'
import type { OwnSource } from '../../../runtime/config/own-sources.ts'
import { isSourceName, namesOfSources, SOURCE_NAMES, type SourceName } from '../../../runtime/config/source-names.ts'
import { userAgentOf } from '../../../runtime/config/user-agent.ts'
import type { Services } from '../../../runtime/services.ts'
import { ARXIV_INTERVAL_MS, arxivQuerySource, arxivSource } from './arxiv.ts'
import { feedSource } from './feed.ts'
import { hfSource } from './hf.ts'
import { sourceRateLimit } from './rate-limit.ts'
import { readingListSource } from './reading-list.ts'
import type { Source } from './source.ts'

type Deps = Pick<Services, 'config' | 'db' | 'now'>

const SOURCES: Record<SourceName, (deps: Deps) => Source> = {
  hf: ({ config }) => hfSource({ userAgent: userAgentOf(config) }),
  arxiv: ({ config, db }) =>
    arxivSource({
      userAgent: userAgentOf(config),
      categories: config.ARXIV_CATEGORIES,
      rateLimit: sourceRateLimit(db, 'arxiv', ARXIV_INTERVAL_MS),
    }),
}

/**
 * Opens a source by name: one of ours, or one of the newsletter's own.
 * @throws PaperboyError SOURCE_UNAVAILABLE for an unknown name
 */
export function openSource(deps: Deps, name: string): Source {
  if (isSourceName(name)) return SOURCES[name](deps)
  const { sources } = deps.config.newsletter
  const own = sources.find((each) => each.name === name)
  if (own) return openOwn(deps, own)
  const known = [...SOURCE_NAMES, ...sources.map((each) => each.name)].join(', ')
  throw new PaperboyError('SOURCE_UNAVAILABLE', `There is no source "${name}". There are: ${known}.`)
}

function openOwn({ config, db, now }: Deps, own: OwnSource): Source {
  const polite = { userAgent: userAgentOf(config), now }
  switch (own.kind) {
    case 'feed':
      return feedSource({ ...own, kind: 'feed' }, polite)
    case 'list':
      return readingListSource({ ...own, kind: 'list' }, polite)
    case 'arxiv':
      return arxivQuerySource(own, { ...polite, rateLimit: sourceRateLimit(db, 'arxiv', ARXIV_INTERVAL_MS) })
  }
}

/** Opens the sources that PAPER_SOURCES names, and the newsletter's own. */
export const configuredSources = (deps: Deps): Source[] =>
  namesOfSources(deps.config).map((name) => openSource(deps, name))
