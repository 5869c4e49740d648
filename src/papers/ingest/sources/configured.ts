import type { SourceName } from '../../../runtime/config/source-names.ts'
import { userAgentOf } from '../../../runtime/config/user-agent.ts'
import type { Services } from '../../../runtime/services.ts'
import { ARXIV_INTERVAL_MS, arxivSource } from './arxiv.ts'
import { hfSource } from './hf.ts'
import { sourceRateLimit } from './rate-limit.ts'
import type { Source } from './source.ts'

type Deps = Pick<Services, 'config' | 'db'>

const SOURCES: Record<SourceName, (deps: Deps) => Source> = {
  hf: ({ config }) => hfSource({ userAgent: userAgentOf(config) }),
  arxiv: ({ config, db }) =>
    arxivSource({
      userAgent: userAgentOf(config),
      categories: config.ARXIV_CATEGORIES,
      rateLimit: sourceRateLimit(db, 'arxiv', ARXIV_INTERVAL_MS),
    }),
}

export const openSource = (deps: Deps, name: SourceName): Source => SOURCES[name](deps)

/** Opens the sources that PAPER_SOURCES names. */
export const configuredSources = (deps: Deps): Source[] =>
  deps.config.PAPER_SOURCES.map((name) => openSource(deps, name))
