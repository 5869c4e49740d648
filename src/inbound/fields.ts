/** One block of "Name: value" lines in a status or feedback report (RFC 3464 § 2.1, RFC 5965 § 3). */
export type Fields = ReadonlyMap<string, string>

const MOST_BLOCKS = 100

/**
 * Returns the blocks of a report; an empty line ends a block.
 * Names are in lower case, continuation lines are joined, and the first field of a name wins.
 */
export function blocksOf(text: string): Fields[] {
  return text
    .split(/\n[ \t]*\n/)
    .slice(0, MOST_BLOCKS)
    .map((block) => {
      const fields = new Map<string, string>()
      for (const line of block.replace(/\n[ \t]+/g, ' ').split('\n')) {
        const [, name, value] = /^([A-Za-z][A-Za-z0-9-]{0,60}):\s*(.*)$/.exec(line) ?? []
        if (name && value !== undefined && !fields.has(name.toLowerCase())) fields.set(name.toLowerCase(), value.trim())
      }
      return fields
    })
    .filter((fields) => fields.size > 0)
}

/** Returns all values of a field that may repeat, from all blocks. @param name in lower case */
export const valuesOf = (text: string, name: string): string[] =>
  text
    .replace(/\n[ \t]+/g, ' ')
    .split('\n')
    .filter((line) => line.toLowerCase().startsWith(`${name}:`))
    .map((line) => line.slice(name.length + 1).trim())

const ADDRESS = /[^\s<>()[\]\\,;:"'@]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?/

/** Returns the first address in a value such as "rfc822; <ada@example.org>", in lower case, or undefined. */
export const addressIn = (text: string | undefined): string | undefined => ADDRESS.exec(text ?? '')?.[0].toLowerCase()

/** Returns the first 100 different addresses in a text, in lower case. */
export function addressesIn(text: string): string[] {
  const found = new Set<string>()
  for (const match of text.matchAll(new RegExp(ADDRESS, 'g'))) {
    found.add(match[0].toLowerCase())
    if (found.size === 100) break
  }
  return [...found]
}
