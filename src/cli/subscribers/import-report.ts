import type { ImportResult } from '../../subscription/import.ts'

const SEPARATOR_NAMES: Record<string, string> = { ',': 'commas', ';': 'semicolons', '\t': 'tabs' }

/** One line per column of the file with its meaning, then the ignored columns. */
export function describeColumns({ columns, separator, encoding }: ImportResult): string {
  const used = columns.filter(({ meaning }) => meaning !== 'ignore')
  const ignored = columns.filter(({ meaning }) => meaning === 'ignore').map(({ name }) => name)
  const width = Math.max(...used.map(({ name }) => name.length))
  return [
    `Read as ${encoding.toUpperCase()}, separated by ${SEPARATOR_NAMES[separator] ?? separator}. Columns:`,
    ...used.map(({ name, meaning, by }) => `  ${name.padEnd(width)}  ${meaning} (${by})`),
    `Ignored: ${ignored.join(', ') || 'none'}.`,
  ].join('\n')
}

/** Tags listed in the report; it only counts the rest. */
const MOST_TAGS_NAMED = 20

export function describeCounts(result: ImportResult, did: string): string {
  const { read, added, asked, activated, unchanged, remembered, refused, bad } = result
  const tags = Object.entries(result.unknownTags).map(([tag, rows]) => `${tag} (${rows})`)
  const more = tags.length > MOST_TAGS_NAMED ? ` and ${tags.length - MOST_TAGS_NAMED} more` : ''
  return [
    `${read} addresses read:`,
    `  ${added} ${did} added${asked > 0 ? `, ${asked} of them as pending: they get a confirmation email` : ''}`,
    `  ${activated} pending ones ${did} made active`,
    `  ${remembered} ${did} kept as unsubscribed, bounced or complained, as the file says`,
    `  ${refused} ${did} refused: they unsubscribed, bounced, complained or are suppressed here`,
    `  ${unchanged} ${did} left as they are`,
    ...(bad > 0 ? [`  ${bad} bad lines ${did} left out`] : []),
    ...(tags.length > 0 ? [`Tags that are no topic here: ${tags.slice(0, MOST_TAGS_NAMED).join(', ')}${more}.`] : []),
  ].join('\n')
}
