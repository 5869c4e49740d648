import { createHmac, createSecretKey, type KeyObject } from 'node:crypto'
import { eq } from 'drizzle-orm'
import { type Plate, plateOf } from '../../edition/compose/compiled-edition.ts'
import { composeDigest, type ReaderPart } from '../../edition/compose/digest.ts'
import type { ShownPaper } from '../../edition/compose/placeholders.ts'
import { readAllParts } from '../../edition/compose/stored-segments.ts'
import { dayInWords, type ListDayState, quietDaysBefore, quietDaysInWords } from '../../edition/draft/quiet-days.ts'
import { arrange, pick, type Wishes } from '../../edition/select/choose.ts'
import { readCandidates, readLiked } from '../../edition/select/read-selection-index.ts'
import type { Candidates } from '../../edition/select/selection-index.ts'
import { shownTo } from '../../edition/select/selection-reasons.ts'
import { domainOf } from '../../mail/mailbox.ts'
import { type Galley, newGalley } from '../../mail/message-buffer.ts'
import { unsubscribeAddress } from '../../mail/own-addresses.ts'
import { providerHeaders } from '../../mail/provider-headers.ts'
import { returnPath } from '../../mail/return-path.ts'
import { mintToken } from '../../mail/tokens.ts'
import { isLocale, type Locale, type Messages, messagesIn } from '../../messages/catalogue.ts'
import { arePartsWireText, isWireText, markWireReady } from '../../relay/dot-stuffing.ts'
import type { Envelope } from '../../relay/relay.ts'
import type { Config } from '../../runtime/config/config.ts'
import type { Db } from '../../runtime/db/database.ts'
import { editions } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'
import type { Chosen, Pending } from '../ledger/deliveries.ts'
import { findRepeats, type Releases, readReleases, readShownBefore } from '../ledger/repeats.ts'
import type { StartedAttempt } from '../ledger/start-attempts.ts'

export interface OpenEdition {
  /** what each reader is shown; with `db` a transaction that has locked them, nothing that they are shown elsewhere meanwhile */
  choose(pending: readonly Pending[], db: Db): Promise<Chosen[]>
  /** whether other editions have papers of this one, so that choosing needs the readers locked */
  sharesPapers: boolean
  /** as of when it shares what it shares */
  releases: Releases
  envelope(handed: Pick<StartedAttempt, 'subscriberId' | 'email'>): Envelope
  /** the message for one reader, ready to be sent */
  digest(handed: StartedAttempt, at: Date): Buffer
  /** Gives a message's memory to a later one. Only after the relay had every byte of it. */
  reuse(message: Buffer): void
}

/** Turns editions into readers' messages; keeps the parts of the last few, since batches of one edition follow each other. */
export interface DigestPress {
  open(editionId: number): Promise<OpenEdition>
}

const KEPT_EDITIONS = 4
/** As many as connections are common; each holds a message. */
const MOST_SPARE = 40

/** What was frozen at the release and is therefore worth keeping. */
interface Composed {
  /** English is always among them */
  plates: ReadonlyMap<Locale, Plate>
  candidates: Candidates
  /** days since the edition before it that brought none */
  quiet: readonly ListDayState[]
  messageKey: KeyObject
  /** no piece has to be changed on its way */
  wireText: boolean
}

export function digestPress({ db, config, keys, now }: Pick<Services, 'db' | 'config' | 'keys' | 'now'>): DigestPress {
  const kept = new Map<number, Promise<Composed>>()
  const spare: Galley[] = []
  const setWith = new WeakMap<Buffer, Galley>()

  const load = async (editionId: number): Promise<Composed> => {
    const [edition] = await db
      .select({ messageKey: editions.messageKey, kind: editions.kind, date: editions.date })
      .from(editions)
      .where(eq(editions.id, editionId))
    const parts = await readAllParts(db, editionId)
    if (!edition || !parts.has('en')) throw new Error(`edition ${editionId} has no composed parts`)
    const plates = new Map([...parts].map(([locale, each]) => [locale, plateOf(each)]))
    const wireText = [...parts.values()].every(arePartsWireText)
    const quiet = await quietDaysBefore({ db, config }, edition)
    return {
      quiet,
      plates,
      candidates: await readCandidates(db, editionId, now()),
      messageKey: createSecretKey(edition.messageKey),
      wireText,
    }
  }

  return {
    async open(editionId) {
      const composed = kept.get(editionId) ?? load(editionId)
      kept.delete(editionId)
      kept.set(editionId, composed)
      if (kept.size > KEPT_EDITIONS) kept.delete(kept.keys().next().value!)
      composed.catch(() => kept.delete(editionId))
      const { plates, candidates, quiet, messageKey, wireText } = await composed
      // Asked anew for every batch: an edition released since may share a paper with this one.
      const releases = await readReleases(db, now())
      const repeats = await findRepeats(db, editionId)
      // By subscriber: what they wished for when their papers were chosen is what their reasons are true of.
      const wishesOf = new Map<number, Wishes>()
      return {
        releases,
        sharesPapers: repeats.size > 0,
        async choose(pending, db) {
          const had = await readShownBefore(db, repeats, pending)
          const asking = pending.filter(({ wishes }) => wishes.likeVoted).map(({ subscriberId }) => subscriberId)
          const liked = await readLiked(db, asking, now())
          return pending.map(({ subscriberId, wishes, chosen }) => {
            const wished = { ...wishes, liked: liked.get(subscriberId) ?? [] }
            wishesOf.set(subscriberId, wished)
            return { subscriberId, chosen: chosen ?? pick(candidates, wished, had.get(subscriberId)) }
          })
        },
        envelope: ({ subscriberId, email }) => ({
          from: returnPath({ config, keys }, { subscriberId, mail: 'digest', reference: editionId }),
          to: email,
        }),
        digest(handed, at) {
          // A language may be newer than an edition.
          const locale = isLocale(handed.locale) && plates.has(handed.locale) ? handed.locale : 'en'
          const { subscriberId } = handed
          const chosen = arrange(candidates, wishesOf.get(subscriberId)!, handed.chosen)
          wishesOf.delete(subscriberId)
          const part = readerPart({ config, keys }, messageKey, handed, shownTo(chosen, locale), at)
          const more = providerHeaders({ config, keys }, { subscriberId, mail: 'digest', reference: editionId })
          const headers = Object.entries(more).reduce(
            (all, [name, value]) => `${all}${name}: ${value}\r\n`,
            part.headers,
          )
          const notice = noticeFor(quiet, handed.missedOn, messagesIn(locale))
          const galley = spare.pop() ?? newGalley()
          const whole = { ...part, headers, ...(notice === '' ? {} : { notice }) }
          const message = composeDigest(plates.get(locale)!, whole, galley)
          setWith.set(message, galley)
          return wireText && isWireText(headers) ? markWireReady(message) : message
        },
        reuse(message) {
          const galley = setWith.get(message)
          if (!galley || !setWith.delete(message)) return
          if (spare.length < MOST_SPARE) spare.push(galley)
        },
      }
    },
  }
}

/** Which days brought no edition, and which digest of this reader's own came too late; empty on most days. */
function noticeFor(quiet: readonly ListDayState[], missedOn: string | null, t: Messages): string {
  if (quiet.length === 0 && missedOn === null) return ''
  const missed = missedOn === null ? [] : [t.digest.missed(dayInWords(missedOn, t))]
  return [...quietDaysInWords(quiet, t), ...missed].join(' ')
}

/** What stands in one reader's digest alone: their links, minted now, and the headers that name them. */
export function readerPart(
  { config, keys }: Pick<Services, 'config' | 'keys'>,
  messageKey: Buffer | KeyObject,
  { subscriberId, email, format }: Pick<StartedAttempt, 'subscriberId' | 'email' | 'format'>,
  shown: readonly ShownPaper[],
  at: Date,
): ReaderPart {
  const unsubscribeToken = mintToken(keys, 'unsubscribe', subscriberId, at)
  return {
    unsubscribeToken,
    preferencesToken: mintToken(keys, 'preferences', subscriberId, at),
    voteToken: mintToken(keys, 'vote', subscriberId, at),
    format,
    shown,
    headers:
      // A digest is put together one byte a character.
      `To: <${Buffer.from(email).toString('latin1')}>\r\n` +
      `Message-ID: <${messageIdOf(messageKey, subscriberId)}@${domainOf(config.MAIL_FROM)}>\r\n` +
      `Date: ${mailDate(at)}\r\n` +
      `List-Unsubscribe: <${config.PUBLIC_URL}/unsubscribe/${unsubscribeToken}>,\r\n <${leaveByMail(config, unsubscribeToken)}>\r\n` +
      'List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n',
  }
}

/** Where a mail program without https sends its reader's wish to leave. */
export const leaveByMail = (config: Pick<Config, 'MAIL_FROM' | 'BOUNCE_ADDRESS'>, unsubscribeToken: string): string =>
  `mailto:${unsubscribeAddress(config)}?subject=unsubscribe%20${unsubscribeToken}`

/**
 * The same for every hand-over of one delivery, and not to be guessed by another reader of the edition.
 * @param messageKey as a KeyObject where many are made: with a Buffer each costs six times as much
 */
export const messageIdOf = (messageKey: Buffer | KeyObject, subscriberId: number): string =>
  createHmac('sha256', messageKey).update(`message ${subscriberId}`).digest('hex').slice(0, 32)

/** RFC 5322 § 3.3, in UTC: "Tue, 14 Apr 2026 03:00:00 +0000". */
export const mailDate = (at: Date): string => at.toUTCString().replace('GMT', '+0000')
