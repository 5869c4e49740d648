import { PaperboyError } from '../../lib/errors.ts'
import { configuredSources, openSource } from '../../papers/ingest/sources/configured.ts'
import type { Source } from '../../papers/ingest/sources/source.ts'
import type { Services } from '../../runtime/services.ts'

/** Opens the source that `--source` names, or the configured ones. @throws PaperboyError SOURCE_UNAVAILABLE without any */
export function sourcesOf(services: Services, named: string | undefined): Source[] {
  const sources = named === undefined ? configuredSources(services) : [openSource(services, named)]
  if (sources.length === 0)
    throw new PaperboyError('SOURCE_UNAVAILABLE', 'PAPER_SOURCES is empty. Set it, or add --source.')
  return sources
}
