import type { SpanKey } from '../../../calendar/spans.ts'
import type { SourceName } from '../../../runtime/config/source-names.ts'
import type { BadEntry, ListedPaper } from '../listed-paper.ts'

/** What a source said last time, so that the next request can be conditional. */
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
      validators: LastReply
      /** the day of what the source has now, where that is another than was asked for: its list is late */
      stillOn?: string | undefined
    }

/**
 * Where lists of papers come from. A new source is one file with this shape and a line in configured.ts.
 *
 * Both calls throw PaperboyError SOURCE_UNAVAILABLE naming what was asked and what came back.
 */
export interface Source {
  /** as stored with what was read: changing it forgets what was read */
  name: SourceName
  /** how many days after a list day its votes are still followed; 0 where there are none to follow */
  followDays: number
  read(span: SpanKey, last: LastReply | undefined): Promise<SourceReply>
  /** Papers by arXiv id, as they stand today; those that the source does not know are missing. */
  fetchByIds(ids: readonly string[]): Promise<ListedPaper[]>
}
