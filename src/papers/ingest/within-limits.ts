import { PaperboyError } from '../../lib/errors.ts'
import { LimitError } from './limits.ts'

/**
 * Parses a text from elsewhere.
 *
 * @param code of the error about an exceeded limit: of a file, or of a source, so that only this source fails
 * @param subject the start of its message: the file's name, or "GET … returned a feed that"
 * @throws PaperboyError with this code, naming the limit and the position
 */
export function withinLimits<T>(code: 'BAD_IMPORT' | 'SOURCE_UNAVAILABLE', subject: string, parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    if (!(error instanceof LimitError)) throw error
    throw new PaperboyError(code, `${subject} ${error.message}.`, { cause: error })
  }
}
