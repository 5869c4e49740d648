import type { SpanKey } from '../../../calendar/spans.ts'
import { keptFor } from '../../../lib/kept-for.ts'
import type { BadEntry, ListedPaper } from '../listed-paper.ts'

/** Validators of a source's last reply, for a conditional request. */
interface LastReply {
  etag: string | null
  lastModified: string | null
}

export type SourceReply =
  | { outcome: 'not modified' }
  | {
      outcome: 'read'
      papers: ListedPaper[]
      bad: BadEntry[]
      /** number of papers that it has of other days: its format has not changed, although none is of this one */
      ofOtherDays?: number | undefined
      validators: LastReply
      /** the day of the source's list, when it differs from the requested one: the list is late */
      stillOn?: string | undefined
    }

/** `lateDays` of the sources without votes */
export const LATE_DAYS = 14

/** Returns a function that fetches at most twice a minute: the late reads of many days follow each other, and one reply serves all. */
export const sharedByDays = <T>(fetch: () => Promise<T>, now: () => Date): (() => Promise<T>) =>
  keptFor(fetch, { ms: 30_000, now: () => now().getTime() })

/**
 * A source of paper lists. A new source is one file with this interface, and a line each in source-names.ts and configured.ts.
 *
 * Both methods throw PaperboyError SOURCE_UNAVAILABLE naming the request and the failure.
 */
export interface Source {
  /** stored with every read; a changed name loses the history of reads */
  name: string
  /** days after a list day to follow its votes; 0 for a source without votes */
  followDays: number
  /** days to go back for lists that were not read after their close. After an outage, they are many */
  lateDays?: number
  /** repeats papers for days, as feeds do: a known paper stays on its list day */
  keepsPlaces?: boolean
  read(span: SpanKey, last: LastReply | undefined): Promise<SourceReply>
  /** Fetches papers by arXiv id in their current state. Papers that the source does not know are missing. */
  fetchByIds(ids: readonly string[]): Promise<ListedPaper[]>
}
