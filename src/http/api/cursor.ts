import { z } from 'zod'
import { PaperboyError } from '../../lib/errors.ts'

/** Query fields of a list in pages. */
export const pageFields = {
  cursor: z.string().max(300).optional().describe('`next` of the page before'),
  limit: z.coerce.number().int().min(1).max(100).default(50),
}

/** Writes a page's last row as an opaque cursor. It holds no secret, and is checked when it comes back. */
export const writeCursor = (list: string, last: readonly (string | number)[]): string =>
  Buffer.from(JSON.stringify([list, ...last])).toString('base64url')

/**
 * Reads a cursor of this list.
 * @throws PaperboyError BAD_CURSOR when it is damaged or another list's
 */
export function readCursor<Last extends z.ZodTuple>(
  list: string,
  last: Last,
  cursor: string | undefined,
): z.output<Last> | undefined {
  if (cursor === undefined) return undefined
  try {
    const [name, ...rest] = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    if (name === list) return last.parse(rest)
  } catch {
    // Damaged: the same answer as for another list's.
  }
  throw new PaperboyError('BAD_CURSOR', 'This cursor is not one of this list. Start again without it.')
}
