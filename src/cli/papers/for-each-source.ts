import { PaperboyError } from '../../lib/errors.ts'
import { printError } from '../../lib/terminal.ts'
import { configuredSources, openSource } from '../../papers/ingest/sources/configured.ts'
import type { Source } from '../../papers/ingest/sources/source.ts'
import type { Services } from '../../runtime/services.ts'

/**
 * Asks the source that `--source` names, or each configured one in turn. One that fails is reported with exit code 1, and keeps no
 * other from being asked: an outage of one must not cost the others their day.
 * @throws PaperboyError SOURCE_UNAVAILABLE without any
 */
export async function forEachSource(
  services: Services,
  named: string | undefined,
  ask: (source: Source) => Promise<void>,
): Promise<void> {
  const sources = named === undefined ? configuredSources(services) : [openSource(services, named)]
  if (sources.length === 0)
    throw new PaperboyError('SOURCE_UNAVAILABLE', 'PAPER_SOURCES is empty. Set it, or add --source.')
  for (const source of sources) {
    try {
      await ask(source)
    } catch (error) {
      if (!(error instanceof PaperboyError && error.code === 'SOURCE_UNAVAILABLE')) throw error
      printError(`paperboy: ${source.name}: ${error.message}`)
      process.exitCode = 1
    }
  }
}
