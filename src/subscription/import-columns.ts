import { knownColumn, MEANINGS, type Meaning, mayConcernConsent, STATUSES, type Status } from './known-columns.ts'

/** One `--map` option: `COLUMN=MEANING` or `COLUMN:VALUE=MEANING`. */
export interface Mapping {
  target: string
  meaning: Meaning | Status
}

/** A column of the file and how the import reads it. */
export interface ReadColumn {
  name: string
  meaning: Meaning
  /** the tools that write this column, `--map`, or undefined for an unknown column, which the import ignores */
  by: string | undefined
  /** the meaning holds for every row, even where the cell is empty */
  everyRow: boolean
  /** meanings from `--map` for single values, by normalized value */
  values: Map<string, Status | 'ignore'>
}

/** Normalizes a value for comparison: lower case, no space around it. */
export const normalizeValue = (cell: string): string => cell.trim().toLowerCase()

const MAPPABLE: readonly string[] = [...MEANINGS, ...STATUSES]

/** @throws Error with a message for the operator, when the text is not a mapping */
export function parseMapping(text: string): Mapping {
  const at = text.lastIndexOf('=')
  const [target, meaning] = [text.slice(0, at), text.slice(at + 1).trim()]
  if (at < 1 || !MAPPABLE.includes(meaning)) throw new Error(`"${text}" is not COLUMN=MEANING. ${MEANINGS_HELP}`)
  return { target, meaning: meaning as Meaning | Status }
}

export const MEANINGS_HELP = `MEANING is one of: ${MEANINGS.join(', ')}. For COLUMN:VALUE=MEANING it is one of: ${STATUSES.join(', ')}, ignore.`

/**
 * Returns the meaning of each column: from `--map`, else from the known tools. Unknown columns are ignored.
 * @param needs "any address columns" before the operator could map them
 * @throws Error with a message for the operator: no names, no address column, or a mapping that matches no column
 */
export function readColumns(
  header: readonly string[],
  mappings: readonly Mapping[],
  needs: 'one address column' | 'any address columns' = 'one address column',
): ReadColumn[] {
  const columns = header.map((name): ReadColumn => {
    const known = knownColumn(name)
    const { meaning = 'ignore', tool, everyRow = false } = known ?? {}
    return { name, meaning, by: tool, everyRow, values: new Map() }
  })
  // The errors below name the columns, and must not name a reader.
  if (needs === 'one address column' && header.some((name) => /[^\s@]@[^\s@]+\.[^\s@]/.test(name)))
    throw new Error('its first line has data. Put a line with the names of the columns before it, such as: email,name')
  for (const mapping of mappings) applyMapping(columns, mapping)
  if (needs === 'any address columns') return columns
  const addresses = columns.filter(({ meaning }) => meaning === 'email')
  if (addresses.length === 0)
    throw new Error(
      `its first line has no column "email". It has ${quoted(header)}. Name the one with the addresses: --map "COLUMN=email"`,
    )
  if (addresses.length > 1)
    throw new Error(
      `its first line has two address columns: ${quoted(addresses.map(({ name }) => name))}. Skip one: --map "COLUMN=ignore"`,
    )
  return columns
}

function applyMapping(columns: ReadColumn[], { target, meaning }: Mapping): void {
  const find = (name: string) => columns.filter((column) => normalizeValue(column.name) === normalizeValue(name))
  const whole = find(target)
  if (whole.length > 0) {
    if (meaning === 'active' || meaning === 'pending')
      throw new Error(
        `a column cannot mean "${meaning}", only one of its values can: --map "${target}:VALUE=${meaning}"`,
      )
    for (const column of whole) Object.assign(column, { meaning, by: '--map', everyRow: false })
    return
  }
  const at = target.lastIndexOf(':')
  const part = at < 0 ? [] : find(target.slice(0, at))
  if (part.length === 0)
    throw new Error(
      `--map names a column "${target}" that it does not have. It has ${quoted(columns.map(({ name }) => name))}`,
    )
  if (meaning !== 'ignore' && !STATUSES.some((status) => status === meaning))
    throw new Error(`a value cannot mean "${meaning}". ${MEANINGS_HELP}`)
  for (const column of part) {
    column.values.set(normalizeValue(target.slice(at + 1)), meaning as Status | 'ignore')
    if (!isAboutConsent(column)) Object.assign(column, { meaning: 'status', by: '--map' })
  }
}

const CONSENT: readonly Meaning[] = ['status', 'subscribed', 'unsubscribed', 'bounced', 'complained']

export const isAboutConsent = ({ meaning }: ReadColumn): boolean => CONSENT.includes(meaning)

/** Returns columns that may record consent and that neither a known tool nor `--map` explains. */
export const unrecognizedColumns = (columns: readonly ReadColumn[]): ReadColumn[] =>
  columns.filter(({ by, name }) => by === undefined && mayConcernConsent(name))

const quoted = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(', ')
