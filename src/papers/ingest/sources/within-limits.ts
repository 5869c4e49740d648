import { PaperboyError } from '../../../lib/errors.ts'
import { LimitError } from '../limits.ts'

/**
 * Parses what a source returned.
 * @param subject the start of the message about an exceeded limit: "GET … returned a feed that"
 * @throws PaperboyError SOURCE_UNAVAILABLE, so that only this source fails
 */
export function withinLimits<T>(subject: string, parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    if (!(error instanceof LimitError)) throw error
    throw new PaperboyError('SOURCE_UNAVAILABLE', `${subject} ${error.message}.`, { cause: error })
  }
}
