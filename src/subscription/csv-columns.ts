/**
 * The columns of our own list of readers, in the order of an export. `email` is the only one that an import needs; their names may
 * be written in any case, with or without underscores and spaces.
 */
export const CSV_COLUMNS = [
  'email',
  'status',
  'zone',
  'hour',
  'cadence',
  'weekday',
  'size',
  'format',
  'locale',
  'topics',
  'keywords',
  'like_voted',
  'paused_until',
  'requested_at',
  'confirmed_at',
  'left_at',
  'consent_form',
] as const

export type CsvColumn = (typeof CSV_COLUMNS)[number]

/** Several values in one cell. */
export const SEPARATOR = '; '

/** What makes a spreadsheet take a cell for a formula, and the sign that we put before it. */
const FORMULA = /^[=+\-@\t\r']/

/** A cell that no spreadsheet runs: one that looks like a formula begins with an apostrophe (OWASP, CSV injection). */
export const escapeFormula = (text: string): string => (FORMULA.test(text) ? `'${text}` : text)

/** The other way round. An apostrophe before anything else is the value's own. */
export const unescapeFormula = (cell: string): string =>
  cell.startsWith("'") && FORMULA.test(cell.slice(1)) ? cell.slice(1) : cell
