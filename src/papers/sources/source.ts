import type { BadEntry, ListedPaper } from '../listed-paper.ts'

/** What a source said last time, so that the next request can be conditional. */
interface LastReply {
  etag: string | null
  lastModified: string | null
}

type SourceReply =
  | { outcome: 'not modified' }
  | { outcome: 'read'; papers: ListedPaper[]; bad: BadEntry[]; validators: LastReply }

/** Where lists of papers come from. */
export interface Source {
  /** as stored with what was read: changing it forgets what was read */
  name: 'hf'
  /** @throws PaperboyError SOURCE_UNAVAILABLE naming what was asked and what came back */
  read(day: string, last: LastReply | undefined): Promise<SourceReply>
}
