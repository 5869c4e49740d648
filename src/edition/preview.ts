import { and, asc, eq } from 'drizzle-orm'
import { editionParts, subscribers } from '../db/schema.ts'
import { readerPart } from '../delivery/digest-press.ts'
import { chooseShown, toBitmap } from '../delivery/shown.ts'
import { PaperboyError } from '../errors.ts'
import type { Services } from '../services.ts'
import { parseAddress } from '../subscription/address.ts'
import { composeEdition } from './compose.ts'
import { type EditionKey, findEdition } from './control.ts'
import { composeDigest, digestBodies } from './digest.ts'
import { decodeBody, type EditionParts } from './parts.ts'
import { cardPapers, LOCALE } from './release.ts'

export interface Preview {
  subject: string
  /** the message as it would be handed over */
  eml: Buffer
  html: string
  text: string
}

/** Nobody: links in a preview without a reader lead to a subscription that does not exist. */
const NOBODY = { subscriberId: 0, email: 'reader@example.org', size: 10 }

/**
 * An edition's digest as a reader would get it, draft or released; nothing is changed or sent.
 *
 * @param reader whose size and links are used; their address must be known. Without it, a made-up reader with ten papers
 * @throws PaperboyError EDITION_NOT_FOUND | BAD_ADDRESS
 */
export async function preview(
  services: Pick<Services, 'db' | 'config' | 'keys' | 'now'>,
  key: EditionKey,
  reader?: string,
): Promise<Preview> {
  const { db, config, now } = services
  const edition = await findEdition(services, key)
  const [composed] = await db
    .select({ parts: editionParts.parts })
    .from(editionParts)
    .where(and(eq(editionParts.editionId, edition.id), eq(editionParts.locale, LOCALE)))
  const fresh = composed ? undefined : await composeEdition(config, edition, await cardPapers(db, edition.id))
  const parts = (composed?.parts ?? fresh!.parts) as EditionParts
  const { size, ...who } = reader === undefined ? NOBODY : await findReader(services, reader)
  const shown = toBitmap(chooseShown(parts.sections.length, size))
  const part = readerPart(services, edition.messageKey, { ...who, shown }, now())
  const bodies = digestBodies(parts, part)
  return {
    subject: edition.subject ?? fresh!.subject,
    eml: composeDigest(parts, part),
    html: decodeBody(bodies.html),
    text: decodeBody(bodies.text),
  }
}

async function findReader({ db }: Pick<Services, 'db'>, typed: string) {
  const { key } = parseAddress(typed)
  const [found] = await db
    .select({ subscriberId: subscribers.id, email: subscribers.email, size: subscribers.size })
    .from(subscribers)
    .where(eq(subscribers.emailKey, key))
    .orderBy(asc(subscribers.id))
  if (!found?.email) throw new PaperboyError('BAD_ADDRESS', 'No subscriber has this address.')
  return { ...found, email: found.email }
}
