import { asc, eq } from 'drizzle-orm'
import { compileEdition, composeSubject } from '../../edition/compose/compiled-edition.ts'
import { composeEdition } from '../../edition/compose/compose.ts'
import { readComposingInput } from '../../edition/compose/composing-input.ts'
import { composeDigest, composeDigestBody } from '../../edition/compose/digest.ts'
import { composeReaderContent } from '../../edition/compose/reader-content.ts'
import { readSegments } from '../../edition/compose/stored-segments.ts'
import { type EditionKey, findEdition } from '../../edition/draft/control.ts'
import { readLiked, readSelectionIndex } from '../../edition/select/read-selection-index.ts'
import { selectPapers } from '../../edition/select/select-papers.ts'
import { describeSelection } from '../../edition/select/selection-reasons.ts'
import { PaperboyError } from '../../lib/errors.ts'
import { parseAddress } from '../../mail/address.ts'
import { decodeLines } from '../../mail/quoted-printable.ts'
import { isLocale, type Locale } from '../../messages/catalogue.ts'
import { subscribers } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'

export interface Preview {
  subject: string
  /** the message as a relay would receive it */
  eml: Buffer
  html: string
  text: string
}

/** Preferences that replace the reader's own. */
export interface PreviewOverrides {
  size?: number
  topics?: string[]
  keywords?: string[]
  locale?: Locale
  format?: 'html' | 'text'
}

/** A made-up reader: the links in their preview lead to a subscription that does not exist. */
const SAMPLE_READER = {
  subscriberId: 0,
  email: 'reader@example.org',
  preferences: { size: 10, topics: [], keywords: [], liked: [] },
  locale: 'en' as Locale,
  format: 'html' as const,
  sourceLinks: false,
  abstracts: false,
}

/**
 * Composes an edition's digest, draft or released, as a reader would receive it. Changes and sends nothing.
 *
 * @param address of the subscriber whose preferences and links are used; by default a made-up reader with ten papers
 * @param overrides preferences that replace theirs
 * @throws PaperboyError EDITION_NOT_FOUND | BAD_ADDRESS (also when no subscriber has it)
 */
export async function preview(
  services: Pick<Services, 'db' | 'config' | 'keys' | 'now'>,
  key: EditionKey,
  address?: string,
  overrides: PreviewOverrides = {},
): Promise<Preview> {
  const { db, config, now } = services
  const edition = await findEdition(services, key)
  const reader = address === undefined ? SAMPLE_READER : await findReader(services, address)
  const { size, topics, keywords, locale = reader.locale, format = reader.format } = overrides
  const preferences = {
    ...reader.preferences,
    ...(size === undefined ? {} : { size }),
    ...(topics ? { topics } : {}),
    ...(keywords ? { keywords } : {}),
  }
  const stored = await readSegments(services, edition.id, locale)
  const segments =
    stored ??
    (await composeEdition(config, edition, await readComposingInput(db, edition, now(), config), locale)).segments
  const compiled = compileEdition(segments)
  const index = await readSelectionIndex(db, edition.id, now())
  const shown = describeSelection(selectPapers(index, preferences), locale)
  const { sourceLinks, abstracts } = reader
  const composed = composeReaderContent(services, edition.messageKey, { ...reader, format }, shown, now())
  const content = { ...composed, sourceLinks, abstracts }
  return {
    subject: composeSubject(
      segments,
      shown.map(({ position }) => position),
    ),
    eml: composeDigest(compiled, content),
    html: decodeLines(composeDigestBody(compiled, 'html', content)),
    text: decodeLines(composeDigestBody(compiled, 'text', content)),
  }
}

async function findReader({ db, now }: Pick<Services, 'db' | 'now'>, typed: string) {
  const { key } = parseAddress(typed, { utf8: true })
  const [found] = await db.select().from(subscribers).where(eq(subscribers.emailKey, key)).orderBy(asc(subscribers.id))
  if (!found?.email) throw new PaperboyError('BAD_ADDRESS', 'No subscriber has this address.')
  const { id: subscriberId, email, size, topics, keywords, format, sourceLinks, abstracts } = found
  const liked = await readLiked(db, found.likeVoted ? [subscriberId] : [], now())
  const locale = isLocale(found.locale) ? found.locale : 'en'
  return {
    subscriberId,
    email,
    locale,
    format,
    sourceLinks,
    abstracts,
    preferences: { size, topics, keywords, liked: liked.get(subscriberId) ?? [] },
  }
}
