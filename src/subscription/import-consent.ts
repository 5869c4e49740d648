import { isAboutConsent, normalizeValue, type ReadColumn } from './import-columns.ts'
import { isEmptyCell, parseTimestamp } from './import-timestamps.ts'
import { isRefusal, STATUSES, type Status, statusOf } from './known-columns.ts'

/** An unknown value in a consent column. It stops the import. */
export class UnknownValue extends Error {
  readonly column: ReadColumn
  readonly value: string
  constructor(column: ReadColumn, value: string) {
    super(`the column "${column.name}" has "${value.slice(0, 40)}"`)
    this.column = column
    this.value = value
  }
}

const YES = new Set(['true', 'yes', 'y', 't', '1', 'x', 'on', 'ja', 'oui', 'si', 'sí'])
const NO = new Set(['false', 'no', 'n', 'f', '0', 'off', 'nein', 'non'])

/**
 * Reads the consent columns of one row. The strictest value wins: a single "no" means no.
 * @returns the status, undefined if the file does not say, and when the reader unsubscribed
 * @throws UnknownValue
 */
export function readConsent(
  columns: readonly ReadColumn[],
  cells: readonly string[],
): { status: Status | undefined; leftAt: Date | undefined } {
  const said: Status[] = []
  const refusals: UnknownValue[] = []
  let leftAt: Date | undefined
  for (const [index, column] of columns.entries()) {
    const cell = cells[index]!
    if (isAboutConsent(column)) {
      const status = saidBy(column, cell)
      if (status) said.push(status)
      if (status === 'unsubscribed') leftAt ??= parseTimestamp(cell)
    } else if (mayHoldWords(column) && isRefusal(cell)) refusals.push(new UnknownValue(column, cell))
  }
  const status = strictestStatus(said)
  // Beside an opt-out, words such as the reason for it say nothing new.
  if (refusals[0] && !isOptOut(status)) throw refusals[0]
  return { status, leftAt }
}

/** Returns whether a person with this status gets no email: unsubscribed, bounced or complained. */
export const isOptOut = (status: Status | undefined): boolean =>
  status !== undefined && status !== 'active' && status !== 'pending'

/** Returns whether an opt-out may be written into a column that is about something else, such as a note. */
const mayHoldWords = ({ by, meaning }: ReadColumn): boolean =>
  by !== '--map' && (meaning === 'ignore' || meaning === 'tags')

/** Returns the status that wins where sources disagree. */
export const strictestStatus = (statuses: readonly Status[]): Status | undefined =>
  statuses.length < 2 ? statuses[0] : STATUSES.toReversed().find((status) => statuses.includes(status))

function saidBy(column: ReadColumn, cell: string): Status | undefined {
  const value = normalizeValue(cell)
  const mapped = column.values.get(value)
  if (mapped !== undefined) return mapped === 'ignore' ? undefined : mapped
  const { meaning, everyRow } = column
  if (meaning === 'status') return statusOf(value) ?? unknown(column, cell)
  if (meaning === 'subscribed') {
    if (YES.has(value) || parseTimestamp(value)) return 'active'
    return NO.has(value) ? 'unsubscribed' : (statusOf(value) ?? unknown(column, cell))
  }
  const no = meaning as Status
  if (everyRow || YES.has(value) || parseTimestamp(value)) return no
  return isEmptyCell(value) || NO.has(value) ? undefined : (statusOf(value) ?? unknown(column, cell))
}

function unknown(column: ReadColumn, value: string): never {
  throw new UnknownValue(column, value)
}
