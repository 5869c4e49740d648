import { PaperboyError } from '../src/lib/errors.ts'
import { openSource } from '../src/papers/ingest/sources/configured.ts'
import { lookUpSubmissions } from '../src/papers/ingest/submissions.ts'
import type { Services } from '../src/runtime/services.ts'

/** Job `look-up-submissions`: asks arXiv what the papers are that readers proposed. Without an answer they wait for the next tick. */
export async function lookUpSubmissionsJob(services: Services): Promise<void> {
  try {
    await lookUpSubmissions(services, openSource(services, 'arxiv'))
  } catch (error) {
    if (!(error instanceof PaperboyError)) throw error
    services.log.warn({ reason: error.message }, 'submissions could not be looked up')
  }
}
