/**
 * The columns of our own export, in its order. An import needs only `email`.
 * Names match in any case, with or without underscores and spaces.
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
  'share',
  'authors',
  'organisations',
  'like_papers',
  'like_voted',
  'source_links',
  'abstracts',
  'paused_until',
  'requested_at',
  'confirmed_at',
  'left_at',
  'consent_form',
] as const

export type CsvColumn = (typeof CSV_COLUMNS)[number]

/** Joins the values of one cell for `splitValues`. Quotes a value that contains a separator or a quote. */
export const joinValues = (values: readonly string[]): string =>
  values.map((value) => (/[",;]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value)).join('; ')

/** Splits a cell at commas or semicolons; a value that contains one is quoted (`"Biology","Lab, old"`). */
export const splitValues = (cell: string): string[] =>
  cell === ''
    ? []
    : [...cell.matchAll(/"((?:[^"]|"")*)"|[^",;]+/g)]
        .map(([text, quoted]) => (quoted ?? text).replaceAll('""', '"').trim())
        .filter(Boolean)
