import { isDay } from '../calendar/days.ts'

const NOTHING = new Set(['', 'null', 'none', 'nil', 'n/a', '-', '0000-00-00', '0000-00-00 00:00:00'])

/** Returns whether a cell is empty or holds an export's placeholder for "empty". */
export const isEmptyCell = (cell: string): boolean => cell === '' || NOTHING.has(cell.trim().toLowerCase())

/** ISO 8601 and its variants in exports: a space for the T, "UTC" for the Z, no zone, no time. */
const NUMBERS = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::(\d{2}(?:\.\d+)?))?)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?$/i
/** 5 May 2024 · May 5, 2024, with or without a time. Numeric days and months are refused: 4/5 is ambiguous. */
const WORDS =
  /^(?:\d{1,2} [a-z]{3,9}\.? \d{4}|[a-z]{3,9}\.? \d{1,2},? \d{4})(?:,? \d{1,2}:\d{2}(?::\d{2})?(?: ?[ap]m)?)?$/i

/**
 * Parses a timestamp; without a zone it is UTC.
 * @returns undefined when it is not one, or lies outside 1970 to 9999
 */
export function parseTimestamp(text: string): Date | undefined {
  const cell = text.trim()
  const parts = NUMBERS.exec(cell)
  const [, day, minute = '00:00', second = '00', zone = 'Z'] = parts ?? []
  const at =
    parts && isDay(day!)
      ? new Date(`${day}T${minute}:${second}${/^[a-z]+$/i.test(zone) ? 'Z' : zone.replace(/(\d{2})(\d{2})$/, '$1:$2')}`)
      : new Date(!parts && WORDS.test(cell) ? `${cell} UTC` : Number.NaN)
  return at.getTime() > Date.UTC(1970, 0) && at.getTime() < Date.UTC(9999, 0) ? at : undefined
}
