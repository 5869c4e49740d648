import { recordMissingFacts } from '../src/papers/ranking/record-list-facts.ts'
import type { Services } from '../src/runtime/services.ts'

/** Job `record-list-facts`: computes the facts behind reasons for closed lists that have none yet. */
export const recordListFactsJob = async (services: Services): Promise<void> =>
  recordMissingFacts({ ...services, closeHourUtc: services.config.EDITION_CLOSE_HOUR_UTC })
