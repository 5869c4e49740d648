import { isDay } from '../../calendar/days.ts'
import type { Match, SearchQuery } from './search-query.ts'

/** Papers with all words come before those with some of them. */
export type MatchKind = 'all' | 'some'

/** The last paper of a page. The next page begins behind it, even when papers were added since. */
export interface Cursor extends Match {
  kind: MatchKind
}

const CURSOR = /^(?<some>some:)?(?<sortKey>[\d.-]{1,40}):(?<id>\d{1,15})$/
const SCORE = /^\d{3,}\.\d{6}$/

/** Returns undefined for a malformed cursor: the search starts from the first page. */
export function parseCursor({ after, order, q }: SearchQuery): Cursor | undefined {
  const { some, sortKey, id } = CURSOR.exec(after ?? '')?.groups ?? {}
  const isSortKey = order === 'date' || !q ? isDay : (text: string) => SCORE.test(text)
  return sortKey && isSortKey(sortKey) ? { kind: some ? 'some' : 'all', sortKey, id: Number(id) } : undefined
}

export const writeCursor = ({ kind, sortKey, id }: Cursor): string =>
  `${kind === 'some' ? 'some:' : ''}${sortKey}:${id}`

/** Whether a paper comes behind the cursor. */
export function isBehind(match: Cursor, cursor: Cursor | undefined): boolean {
  if (!cursor) return true
  if (match.kind !== cursor.kind) return match.kind === 'some'
  return match.sortKey === cursor.sortKey ? match.id < cursor.id : match.sortKey < cursor.sortKey
}
