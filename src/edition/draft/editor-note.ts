import type { Services } from '../../runtime/services.ts'
import type { EditionKey } from './control.ts'
import { setWording } from './wording.ts'

/**
 * Stores the curator's note to the readers of a draft, in Markdown. An empty note removes it.
 * @throws PaperboyError EDITION_NOT_FOUND | BAD_EDITION when it is too long; EDITION_STATE when it is released
 */
export const setEditorNote = (deps: Pick<Services, 'db'>, key: EditionKey, note: string): Promise<void> =>
  setWording(deps, key, { editorNote: note })
