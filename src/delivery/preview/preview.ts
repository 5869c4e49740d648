import { randomBytes } from 'node:crypto'
import { and, asc, eq } from 'drizzle-orm'
import { compileEdition, composeSubject } from '../../edition/compose/compiled-edition.ts'
import { composeEdition } from '../../edition/compose/compose.ts'
import { readComposingInput } from '../../edition/compose/composing-input.ts'
import { composeDigest, composeDigestBody } from '../../edition/compose/digest.ts'
import type { ShownPaper } from '../../edition/compose/placeholders.ts'
import { composeReaderContent } from '../../edition/compose/reader-content.ts'
import { readSegments } from '../../edition/compose/stored-segments.ts'
import { type EditionKey, findEdition } from '../../edition/draft/control.ts'
import { openPersonalMatcher, type PersonalMatcher } from '../../edition/select/read-personal.ts'
import { readSelectionIndex } from '../../edition/select/read-selection-index.ts'
import { readTasteIndex } from '../../edition/select/read-taste-index.ts'
import { selectPapers } from '../../edition/select/select-papers.ts'
import { describeSelection } from '../../edition/select/selection-reasons.ts'
import { SHARES } from '../../edition/select/share.ts'
import { NO_WISHES, type SelectionPreferences } from '../../edition/select/wishes.ts'
import { PaperboyError } from '../../lib/errors.ts'
import { parseAddress } from '../../mail/address.ts'
import { decodeLines } from '../../mail/quoted-printable.ts'
import { isLocale, type Locale } from '../../messages/catalogue.ts'
import { findPaper } from '../../papers/lists/paper.ts'
import type { Db } from '../../runtime/db/database.ts'
import { subscribers } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'
import { readSavedPositions } from '../ledger/saved-positions.ts'

export interface Preview {
  subject: string
  /** the message as a relay would receive it */
  eml: Buffer
  html: string
  text: string
}

/** Preferences that replace the reader's own. */
export interface PreviewOverrides {
  size?: number | undefined
  share?: keyof typeof SHARES | undefined
  topics?: string[] | undefined
  keywords?: string[] | undefined
  authors?: string[] | undefined
  organisations?: string[] | undefined
  /** arXiv ids or links of papers that the reader wants more like */
  like?: string[] | undefined
  /** the same of papers that the reader voted for, and learns from */
  votes?: string[] | undefined
  locale?: Locale | undefined
  format?: 'html' | 'text' | undefined
  /** a test email to this address: [Test] before the subject, its own Message-ID, and no reader's links */
  testFor?: string | undefined
}

/** A made-up reader: the links in their preview lead to a subscription that does not exist. */
const SAMPLE_READER = {
  subscriberId: 0,
  email: 'reader@example.org',
  preferences: { ...NO_WISHES, size: 10, share: SHARES.some },
  likeVoted: false,
  likePapers: [],
  format: 'html' as const,
  sourceLinks: false,
  abstracts: false,
}

/**
 * Composes an edition's digest, draft or released, as a reader would receive it. Changes and sends nothing.
 *
 * @param readerName address or number of the subscriber whose preferences and links are used; by default a made-up reader with ten papers
 * @param overrides preferences that replace theirs
 * @throws PaperboyError EDITION_NOT_FOUND | BAD_ADDRESS (also when no subscriber has it) | PAPER_NOT_FOUND; EDITION_EMPTY when the reader
 *   would get no digest, since no paper meets their wishes
 */
export async function preview(
  services: Pick<Services, 'db' | 'config' | 'keys' | 'now'>,
  key: EditionKey,
  readerName?: string | number,
  overrides: PreviewOverrides = {},
): Promise<Preview> {
  const { db, config, now } = services
  const edition = await findEdition(services, key)
  const known =
    readerName === undefined
      ? { ...SAMPLE_READER, locale: config.newsletter.languages[0] }
      : await findReader(services, readerName)
  const reader = await withOverrides(db, known, overrides)
  const { locale, format } = reader
  const { testFor } = overrides
  const stored = await readSegments(services, edition.id, locale)
  const segments =
    stored ??
    (await composeEdition(config, edition, await readComposingInput(db, edition, now(), config), locale)).segments
  const { shown, unwanted } = await selectFor(db, edition.id, reader, locale)
  if (shown.length === 0)
    throw new PaperboyError('EDITION_EMPTY', 'No paper of this edition meets the wishes, so there would be no digest.')
  const own = composeSubject(
    segments,
    shown.map(({ position }) => position),
  )
  const subject = testFor === undefined ? own : `[Test] ${own}`
  const compiled = compileEdition({ ...segments, ownSubject: subject })
  const { sourceLinks, abstracts } = reader
  // Mail programs drop a second email with the same Message-ID, such as the real digest after its test.
  const composed =
    testFor === undefined
      ? composeReaderContent(services, edition.messageKey, reader, shown, now())
      : composeReaderContent(services, randomBytes(32), { subscriberId: 0, email: testFor, format }, shown, now())
  const saved =
    edition.kind === 'weekly'
      ? (await readSavedPositions(db, edition.id, [reader.subscriberId])).get(reader.subscriberId)
      : undefined
  const content = { ...composed, sourceLinks, abstracts, unlisted: new Set(unwanted), ...(saved && { saved }) }
  return {
    subject,
    eml: composeDigest(compiled, content),
    html: decodeLines(composeDigestBody(compiled, 'html', content)),
    text: decodeLines(composeDigestBody(compiled, 'text', content)),
  }
}

/** Gives an email's HTML one color scheme, whatever the browser prefers: its dark style applies always or never. */
export const darkened = (html: string, dark: boolean): string =>
  html.replaceAll('@media (prefers-color-scheme: dark)', dark ? '@media all' : '@media not all')

type StoredReader = (typeof SAMPLE_READER & { locale: Locale }) | ReturnType<typeof readerOf>

async function withOverrides(db: Db, reader: StoredReader, overrides: PreviewOverrides) {
  const { like, votes, locale = reader.locale, format = reader.format } = overrides
  const own = reader.preferences
  const { size = own.size, topics = own.topics, keywords = own.keywords } = overrides
  const { authors = own.authors, organisations = own.organisations } = overrides
  const share = overrides.share ? SHARES[overrides.share] : own.share
  return {
    ...reader,
    locale,
    format,
    likePapers: like ? (await papersNamed(db, like)).map(({ sourceId }) => sourceId) : reader.likePapers,
    ...(votes ? { likeVoted: true, voted: (await papersNamed(db, votes)).map(({ id }) => id) } : {}),
    preferences: { ...own, size, share, topics, keywords, authors, organisations },
  }
}

const papersNamed = (db: Db, names: readonly string[]) =>
  Promise.all(
    names.map(async (name) => {
      const paper = await findPaper(db, name)
      if (!paper) throw new PaperboyError('PAPER_NOT_FOUND', `There is no paper “${name}” here.`)
      return paper
    }),
  )

type Reader = Parameters<PersonalMatcher>[1][number] & { preferences: SelectionPreferences }

/**
 * Selects an edition's papers for a reader, as their digest does, apart from what earlier digests showed.
 * @returns with the positions that they are not interested in
 */
export async function selectFor(
  db: Db,
  editionId: number,
  reader: Reader,
  locale: Locale,
): Promise<{ shown: ShownPaper[]; unwanted: readonly number[] }> {
  const index = await readSelectionIndex(db, editionId)
  const matchPersonal = openPersonalMatcher(editionId, () => readTasteIndex(db, editionId))
  const personal = (await matchPersonal(db, [reader])).get(reader.subscriberId)
  const preferences = { ...reader.preferences, ...personal }
  return { shown: describeSelection(selectPapers(index, preferences), locale), unwanted: preferences.unwanted }
}

/** Reads an active reader's preferences for `selectFor`. */
export async function readActiveReader(db: Db, subscriberId: number) {
  const active = and(eq(subscribers.id, subscriberId), eq(subscribers.status, 'active'))
  const [found] = await db.select().from(subscribers).where(active)
  return found?.email ? readerOf({ ...found, email: found.email }) : undefined
}

async function findReader({ db }: Pick<Services, 'db'>, name: string | number) {
  const named =
    typeof name === 'number'
      ? eq(subscribers.id, name)
      : eq(subscribers.emailKey, parseAddress(name, { utf8: true }).key)
  const [found] = await db.select().from(subscribers).where(named).orderBy(asc(subscribers.id))
  if (!found?.email)
    throw new PaperboyError('BAD_ADDRESS', `No subscriber has this ${typeof name === 'number' ? 'number' : 'address'}.`)
  return readerOf({ ...found, email: found.email })
}

function readerOf(found: typeof subscribers.$inferSelect & { email: string }) {
  const {
    id: subscriberId,
    email,
    format,
    sourceLinks,
    abstracts,
    likeVoted,
    likePapers,
    size,
    topics,
    keywords,
    authors,
    organisations,
  } = found
  return {
    subscriberId,
    email,
    locale: isLocale(found.locale) ? found.locale : ('en' as const),
    format,
    sourceLinks,
    abstracts,
    likeVoted,
    likePapers,
    preferences: { ...NO_WISHES, size, share: SHARES[found.share], topics, keywords, authors, organisations },
  }
}
