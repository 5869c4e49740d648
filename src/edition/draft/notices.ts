import { eq } from 'drizzle-orm'
import { z } from 'zod'
import { shortDate } from '../../calendar/words.ts'
import { isolated } from '../../lib/isolated.ts'
import type { Messages } from '../../messages/catalogue.ts'
import { readable } from '../../papers/readable.ts'
import type { Db } from '../../runtime/db/database.ts'
import { bigint, query, text } from '../../runtime/db/query.ts'
import { editionNotices } from '../../runtime/db/schema.ts'

/** A curator's correction of an edition, which a later one reports. */
export interface ReportedNotice {
  id: number
  /** plain text */
  words: string
  /** of the edition that was wrong */
  kind: 'daily' | 'weekly'
  date: string
}

/** Describes them in one language, as the templates show corrections. */
export const describeNotices = (notices: readonly ReportedNotice[], t: Messages) =>
  notices.map(({ words, ...edition }) => ({
    url: null,
    words: t.digest.onEdition(shortDate(edition, t), isolated(readable(words))),
  }))

/** Finds corrections of other editions of this kind that no other edition reports. */
export const findNotices = (
  db: Db,
  { id, kind }: { id: number; kind: 'daily' | 'weekly' },
): Promise<ReportedNotice[]> =>
  query(db, { id: bigint, words: text, date: text, kind: z.enum(['daily', 'weekly']) })`
    SELECT n.id, n.words, e.date::text AS date, e.kind FROM edition_notices n JOIN editions e ON e.id = n.edition_id
    WHERE e.kind = ${kind} AND e.id <> ${id} AND (n.reported_by IS NULL OR n.reported_by = ${id}) ORDER BY n.id`

/** Records which edition reports them. */
export async function recordNotices(db: Db, editionId: number, notices: readonly { id: number }[]): Promise<void> {
  for (const { id } of notices)
    await db.update(editionNotices).set({ reportedBy: editionId }).where(eq(editionNotices.id, id))
}
