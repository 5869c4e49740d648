import { counted } from '../lib/counted.ts'
import type { ImportResult } from './import.ts'

/** For a sentence: commands and pages say what an import would do, or did. */
type Did = 'would be' | 'were'

const SEPARATOR_NAMES: Record<string, string> = { ',': 'commas', ';': 'semicolons', '\t': 'tabs' }

/** One line per column of the file with its meaning, then the ignored columns. */
export function describeColumns({ columns, separator, encoding }: ImportResult): string {
  const used = columns.filter(({ meaning }) => meaning !== 'ignore')
  const ignored = columns.filter(({ meaning }) => meaning === 'ignore').map(({ name }) => name)
  const width = Math.max(...used.map(({ name }) => name.length))
  return [
    `${describeReading({ encoding, separator })} Columns:`,
    ...used.map(({ name, meaning, by }) => `  ${name.padEnd(width)}  ${meaning} (${by})`),
    `Ignored: ${ignored.join(', ') || 'none'}.`,
  ].join('\n')
}

/** "Read as UTF-8, separated by commas." */
export const describeReading = ({ encoding, separator }: Pick<ImportResult, 'encoding' | 'separator'>): string =>
  `Read as ${encoding.toUpperCase()}, separated by ${SEPARATOR_NAMES[separator] ?? separator}.`

/** Each count of an import, with what it says. */
export function importCounts(result: ImportResult, did: Did): { count: number; says: string }[] {
  const { added, asked, activated, unchanged, remembered, refused, bad } = result
  const pending = asked > 0 ? `, ${asked} of them as pending: they get a confirmation email` : ''
  return [
    { count: added, says: `${did} added${pending}` },
    { count: activated, says: `pending ones ${did} made active` },
    { count: remembered, says: `${did} kept as unsubscribed, bounced or complained, as the file says` },
    { count: refused, says: `${did} refused: they unsubscribed, bounced, complained or are suppressed here` },
    { count: unchanged, says: `${did} left as they are` },
    ...(bad > 0 ? [{ count: bad, says: `bad lines ${did} left out, except for the opt-outs in them` }] : []),
  ]
}

/** For the audit log: "2 new readers, 3 opt-outs"; undefined when nothing changed. */
export function describeChanges({ added, activated, remembered }: ImportResult): string | undefined {
  const parts = [
    ...(added > 0 ? [counted(added, 'new reader')] : []),
    ...(activated > 0 ? [`${activated} made active`] : []),
    ...(remembered > 0 ? [counted(remembered, 'opt-out')] : []),
  ]
  return parts.length > 0 ? parts.join(', ') : undefined
}

/** Tags listed in the report; it only counts the rest. */
const MOST_TAGS_NAMED = 20

/** "Tags that are no topic here: …", or undefined when there are none. */
export function describeUnknownTags({ unknownTags }: Pick<ImportResult, 'unknownTags'>): string | undefined {
  const tags = Object.entries(unknownTags).map(([tag, rows]) => `${tag} (${rows})`)
  const more = tags.length > MOST_TAGS_NAMED ? ` and ${tags.length - MOST_TAGS_NAMED} more` : ''
  return tags.length > 0
    ? `Tags that are no topic here: ${tags.slice(0, MOST_TAGS_NAMED).join(', ')}${more}.`
    : undefined
}

export function describeCounts(result: ImportResult, did: Did): string {
  const tags = describeUnknownTags(result)
  return [
    `${counted(result.read, 'address', 'addresses')} read:`,
    ...importCounts(result, did).map(({ count, says }) => `  ${count} ${says}`),
    ...(tags ? [tags] : []),
  ].join('\n')
}

/** An import's problem for pages and the API, which have fields where the command has options. */
export const withoutFlags = (message: string): string =>
  message
    .replaceAll(/(?:: |\. Name the one with the addresses: | Skip one: )--map "[^"]*"/g, '.')
    .replace(/\nMEANING is one of[^\n]*/, '')
