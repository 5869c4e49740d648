import { isDeepStrictEqual } from 'node:util'
import { eq } from 'drizzle-orm'
import { PaperboyError } from '../../lib/errors.ts'
import { editions, type Sponsor } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'
import { MAX_NOTE } from '../compose/editor-note.ts'
import { checkUnchanged } from './check-unchanged.ts'
import type { EditionKey } from './control.ts'
import { lockDraft } from './lock-draft.ts'

/** Characters. A longer subject is cut off by every inbox; a longer sponsor's text would look like a paper. */
export const MAX_WORDING = { subject: 150, sponsorName: 60, sponsorText: 300, url: 400 }

/** The curator's words for a draft. `null` removes them; a missing one stays as it is. */
export interface Wording {
  /** Markdown, above the papers */
  editorNote?: string | null
  /** replaces the subject that names the first papers, for every reader and language */
  subject?: string | null
  /** a paid block, marked as such */
  sponsor?: Sponsor | null
}

/**
 * Sets the curator's words for a draft.
 *
 * @param seen fingerprint of what a form showed (`wordingState`)
 * @returns whether it changed anything
 * @throws PaperboyError EDITION_NOT_FOUND | EDITION_CHANGED | BAD_EDITION; EDITION_STATE when it is released. Then nothing changes
 */
export async function setWording(
  { db }: Pick<Services, 'db'>,
  key: EditionKey,
  { editorNote, subject, sponsor }: Wording,
  seen?: string,
): Promise<boolean> {
  const values = {
    ...(editorNote === undefined ? {} : { editorNote: atMost(editorNote, MAX_NOTE, 'note') }),
    ...(subject === undefined ? {} : { ownSubject: oneLine(subject, MAX_WORDING.subject, 'subject') }),
    ...(sponsor === undefined ? {} : { sponsor: checkSponsor(sponsor) }),
  }
  return db.transaction(async (tx) => {
    const edition = await lockDraft(tx, key)
    checkUnchanged(seen, ...wordingState(edition))
    // An update without columns is an error.
    if (Object.keys(values).length > 0) await tx.update(editions).set(values).where(eq(editions.id, edition.id))
    return !isDeepStrictEqual({ ...edition, ...values }, edition)
  })
}

/** Every value that `setWording` may change, for its fingerprint. */
export const wordingState = ({
  editorNote,
  ownSubject,
  sponsor,
}: Pick<typeof editions.$inferSelect, 'editorNote' | 'ownSubject' | 'sponsor'>) =>
  [editorNote, ownSubject, sponsor && [sponsor.name, sponsor.text, sponsor.url]] as const

function atMost(text: string | null, max: number, what: string): string | null {
  const trimmed = text?.trim() || null
  if (trimmed !== null && trimmed.length > max)
    throw new PaperboyError('BAD_EDITION', `The ${what} has ${trimmed.length} characters. It may have ${max}.`)
  return trimmed
}

/** Refuses control characters, since a line break in a subject would begin another header field. */
function oneLine(text: string | null, max: number, what: string): string | null {
  const trimmed = atMost(text, max, what)
  if (trimmed !== null && /\p{Cc}/u.test(trimmed))
    throw new PaperboyError('BAD_EDITION', `The ${what} must be one line, without control characters.`)
  return trimmed
}

function checkSponsor(sponsor: Sponsor | null): Sponsor | null {
  if (sponsor === null) return null
  const name = oneLine(sponsor.name, MAX_WORDING.sponsorName, 'sponsor’s name')
  const text = atMost(sponsor.text, MAX_WORDING.sponsorText, 'sponsor’s text')
  const url = oneLine(sponsor.url, MAX_WORDING.url, 'sponsor’s link')
  if (name === null && text === null && url === null) return null
  if (name === null || text === null || url === null)
    throw new PaperboyError('BAD_EDITION', 'A sponsor needs a name, a text and a link. Leave all three empty for none.')
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url))
    throw new PaperboyError('BAD_EDITION', 'The sponsor’s link must start with https:// or http://.')
  return { name, text: text.replaceAll(/\s+/g, ' '), url: new URL(url).href }
}
