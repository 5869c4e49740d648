import { asc, eq } from 'drizzle-orm'
import { plateOf, subjectOf } from '../../edition/compose/compiled-edition.ts'
import { composeEdition } from '../../edition/compose/compose.ts'
import { readContents } from '../../edition/compose/composing-input.ts'
import { composeDigest, digestBody } from '../../edition/compose/digest.ts'
import { decodeBody } from '../../edition/compose/segments.ts'
import { readParts } from '../../edition/compose/stored-segments.ts'
import { type EditionKey, findEdition } from '../../edition/draft/control.ts'
import { choose } from '../../edition/select/choose.ts'
import { readCandidates, readLiked } from '../../edition/select/read-selection-index.ts'
import { shownTo } from '../../edition/select/selection-reasons.ts'
import { PaperboyError } from '../../lib/errors.ts'
import { parseAddress } from '../../mail/address.ts'
import { isLocale, type Locale } from '../../messages/catalogue.ts'
import { subscribers } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'
import { readerPart } from '../send/edition-renderer.ts'

export interface Preview {
  subject: string
  /** the message as it would be handed over */
  eml: Buffer
  html: string
  text: string
}

/** What is wished for in place of what the reader chose. */
export interface MadeUp {
  size?: number
  topics?: string[]
  keywords?: string[]
  locale?: Locale
  format?: 'html' | 'text'
}

/** Nobody: links in a preview without a reader lead to a subscription that does not exist. */
const NOBODY = {
  subscriberId: 0,
  email: 'reader@example.org',
  wishes: { size: 10, topics: [], keywords: [], liked: [] },
  locale: 'en' as Locale,
  format: 'html' as const,
}

/**
 * An edition's digest as a reader would get it, draft or released; nothing is changed or sent.
 *
 * @param reader whose wishes and links are used; their address must be known. Without it, a made-up reader with ten papers
 * @param instead made-up wishes in place of theirs
 * @throws PaperboyError EDITION_NOT_FOUND | BAD_ADDRESS
 */
export async function preview(
  services: Pick<Services, 'db' | 'config' | 'keys' | 'now'>,
  key: EditionKey,
  reader?: string,
  instead: MadeUp = {},
): Promise<Preview> {
  const { db, config, now } = services
  const edition = await findEdition(services, key)
  const known = reader === undefined ? NOBODY : await findReader(services, reader)
  const { size, topics, keywords, locale = known.locale, format = known.format } = instead
  const wishes = {
    ...known.wishes,
    ...(size === undefined ? {} : { size }),
    ...(topics ? { topics } : {}),
    ...(keywords ? { keywords } : {}),
  }
  const stored = await readParts(db, edition.id, locale)
  const parts = stored ?? (await composeEdition(config, edition, await readContents(db, edition, now()), locale)).parts
  const plate = plateOf(parts)
  const candidates = await readCandidates(db, edition.id, now())
  const shown = shownTo(choose(candidates, wishes), locale)
  const part = readerPart(services, edition.messageKey, { ...known, format }, shown, now())
  return {
    subject: subjectOf(
      parts,
      part.shown.map(({ position }) => position),
    ),
    eml: composeDigest(plate, part),
    html: decodeBody(digestBody(plate, 'html', part)),
    text: decodeBody(digestBody(plate, 'text', part)),
  }
}

async function findReader({ db, now }: Pick<Services, 'db' | 'now'>, typed: string) {
  const { key } = parseAddress(typed, { utf8: true })
  const [found] = await db
    .select({
      subscriberId: subscribers.id,
      email: subscribers.email,
      size: subscribers.size,
      topics: subscribers.topics,
      keywords: subscribers.keywords,
      likeVoted: subscribers.likeVoted,
      locale: subscribers.locale,
      format: subscribers.format,
    })
    .from(subscribers)
    .where(eq(subscribers.emailKey, key))
    .orderBy(asc(subscribers.id))
  if (!found?.email) throw new PaperboyError('BAD_ADDRESS', 'No subscriber has this address.')
  const { subscriberId, email, size, topics, keywords, format } = found
  const liked = await readLiked(db, found.likeVoted ? [subscriberId] : [], now())
  const locale = isLocale(found.locale) ? found.locale : 'en'
  return {
    subscriberId,
    email,
    locale,
    format,
    wishes: { size, topics, keywords, liked: liked.get(subscriberId) ?? [] },
  }
}
