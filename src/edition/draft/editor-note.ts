import { and, eq } from 'drizzle-orm'
import { PaperboyError } from '../../lib/errors.ts'
import { editions } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'
import { MAX_NOTE } from '../compose/editor-note.ts'
import { type EditionKey, findEdition } from './control.ts'

/**
 * Stores the curator's note to the readers of a draft, in Markdown. An empty note removes it.
 * @throws PaperboyError EDITION_NOT_FOUND | EDITION_STATE when it is released, or the note is too long
 */
export async function setEditorNote({ db }: Pick<Services, 'db'>, key: EditionKey, note: string): Promise<void> {
  const text = note.trim()
  if (text.length > MAX_NOTE)
    throw new PaperboyError('EDITION_STATE', `The note has ${text.length} characters. It may have ${MAX_NOTE}.`)
  const { rowCount } = await db
    .update(editions)
    .set({ editorNote: text || null })
    .where(and(eq(editions.kind, key.kind), eq(editions.date, key.date), eq(editions.state, 'draft')))
  if (rowCount === 1) return
  const { state } = await findEdition({ db }, key)
  throw new PaperboyError('EDITION_STATE', `This edition is ${state}, so its note can no longer change.`)
}
