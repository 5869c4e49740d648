import { PaperboyError } from '../src/lib/errors.ts'
import { openSource } from '../src/papers/ingest/sources/configured.ts'
import { lookUpSubmissions } from '../src/papers/ingest/submissions.ts'
import type { Services } from '../src/runtime/services.ts'

/** Job `look-up-submissions`: looks up suggested papers on arXiv. The next tick retries failures. */
export async function lookUpSubmissionsJob(services: Services): Promise<void> {
  try {
    await lookUpSubmissions(services, openSource(services, 'arxiv'))
  } catch (error) {
    if (!(error instanceof PaperboyError)) throw error
    services.log.warn({ reason: error.message }, 'submissions could not be looked up')
  }
}
