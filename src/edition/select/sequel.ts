import { unaccented } from '../../papers/search/words.ts'

/** Text before a title's colon, or before "Technical Report": "HY-World 2.0: A …" → "HY-World 2.0". */
const NAME = /^(?<name>[^:：]{2,40}?)(?:[:：]\s|\s+technical report\b)/i
const MOST_WORDS = 4
/** A number that may be a version: not the 3 of "3D", the 7 of "7B", the 2 of "text2video", or a number as in "10k". */
const VERSION = /(?<![\d.]|(?<=[a-z])(?=2[a-z]))\d+(?:\.\d+)*(?![\d.]|[dbmk]\b|(?<=[a-z]2)[a-z])/g

export interface NamedPaper {
  title: string
  authors: readonly string[]
  organization?: string | null | undefined
  /** YYYY-MM-DD */
  listDay: string
}

interface NamedSystem {
  /** as the title writes it */
  name: string
  /** the name in lower case, without separators and versions */
  stem: string
  /** the numbers in the order of the name */
  versions: number[][]
}

/** Returns the system that a title names, or undefined. */
export function namedSystem(title: string): NamedSystem | undefined {
  const name = NAME.exec(title.normalize('NFKC'))?.groups?.name?.trim()
  if (!name || name.split(/\s+/).length > MOST_WORDS) return undefined
  const versions: number[][] = []
  const stem = name
    .toLowerCase()
    .replaceAll('#', ' ')
    .replace(VERSION, (version) => {
      versions.push(version.split('.').map(Number))
      return '#'
    })
    .replace(/[^\p{L}\p{N}#]+|(?<![\p{L}])v(?=#)/gu, '')
  return /\p{L}{2}/u.test(stem) ? { name, stem, versions } : undefined
}

/** Whether a paper is about a later version of the system that another one names, by some of the same people. */
export function isSequel(later: NamedPaper, earlier: NamedPaper): boolean {
  if (later.listDay <= earlier.listDay) return false
  const [now, before] = [namedSystem(later.title), namedSystem(earlier.title)]
  return now !== undefined && before !== undefined && isLaterVersion(now, before) && haveSamePeople(later, earlier)
}

/** Years are no versions: a benchmark of 2026 does not follow that of 2025. */
const HIGHEST = 100

function isLaterVersion(now: NamedSystem, before: NamedSystem): boolean {
  // "WebSailor" is the first version of "WebSailor-V2".
  const isFirst = now.stem === `${before.stem}#` && now.versions.length === before.versions.length + 1
  if (now.stem !== before.stem && !isFirst) return false
  const earlier = isFirst ? [...before.versions, [1]] : before.versions
  const changed = now.versions.flatMap((version, at) => compareVersions(version, earlier[at]!) || [])
  return changed.length === 1 && changed[0]! > 0 && now.versions.every(([major]) => major! < HIGHEST)
}

function compareVersions(a: readonly number[], b: readonly number[]): number {
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

function haveSamePeople(a: NamedPaper, b: NamedPaper): boolean {
  const names = ({ authors, organization }: NamedPaper) =>
    [...authors, ...(organization ? [organization] : [])].map(unaccented)
  const known = new Set(names(a))
  return names(b).some((name) => known.has(name))
}
