import { and, asc, eq } from 'drizzle-orm'
import { editionParts, subscribers } from '../db/schema.ts'
import { readerPart } from '../delivery/digest-press.ts'
import { PaperboyError } from '../errors.ts'
import type { Services } from '../services.ts'
import { parseAddress } from '../subscription/address.ts'
import { pick } from './choose.ts'
import { composeEdition } from './compose.ts'
import { type EditionKey, findEdition } from './control.ts'
import { composeDigest, digestBodies } from './digest.ts'
import { decodeBody, type EditionParts } from './parts.ts'
import { readCandidates, readLiked } from './read-candidates.ts'
import { cardPapers, LOCALE } from './release.ts'

export interface Preview {
  subject: string
  /** the message as it would be handed over */
  eml: Buffer
  html: string
  text: string
}

/** Nobody: links in a preview without a reader lead to a subscription that does not exist. */
const NOBODY = {
  subscriberId: 0,
  email: 'reader@example.org',
  wishes: { size: 10, topics: [], keywords: [], liked: [] },
}

/**
 * An edition's digest as a reader would get it, draft or released; nothing is changed or sent.
 *
 * @param reader whose wishes and links are used; their address must be known. Without it, a made-up reader with ten papers
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
  const { wishes, ...who } = reader === undefined ? NOBODY : await findReader(services, reader)
  const chosen = pick(await readCandidates(db, edition.id, now()), wishes)
  const part = readerPart(services, edition.messageKey, { ...who, chosen }, now())
  const bodies = digestBodies(parts, part)
  return {
    subject: edition.subject ?? fresh!.subject,
    eml: composeDigest(parts, part),
    html: decodeBody(bodies.html),
    text: decodeBody(bodies.text),
  }
}

async function findReader({ db, now }: Pick<Services, 'db' | 'now'>, typed: string) {
  const { key } = parseAddress(typed)
  const [found] = await db
    .select({
      subscriberId: subscribers.id,
      email: subscribers.email,
      size: subscribers.size,
      topics: subscribers.topics,
      keywords: subscribers.keywords,
      likeVoted: subscribers.likeVoted,
    })
    .from(subscribers)
    .where(eq(subscribers.emailKey, key))
    .orderBy(asc(subscribers.id))
  if (!found?.email) throw new PaperboyError('BAD_ADDRESS', 'No subscriber has this address.')
  const { subscriberId, email, size, topics, keywords } = found
  const liked = await readLiked(db, found.likeVoted ? [subscriberId] : [], now())
  return { subscriberId, email, wishes: { size, topics, keywords, liked: liked.get(subscriberId) ?? [] } }
}
