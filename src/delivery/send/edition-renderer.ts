import { weekdayDate } from '../../calendar/words.ts'
import { composeDigest } from '../../edition/compose/digest.ts'
import { composeReaderContent } from '../../edition/compose/reader-content.ts'
import { describeQuietDays, type ListDayState } from '../../edition/draft/quiet-days.ts'
import { describeSelection } from '../../edition/select/selection-reasons.ts'
import type { Message } from '../../mail/message.ts'
import { BufferPool, type MessageBuffer } from '../../mail/message-buffer.ts'
import { providerHeaders } from '../../mail/provider-headers.ts'
import { returnPath } from '../../mail/return-path.ts'
import { isLocale, type Messages } from '../../messages/catalogue.ts'
import { isSmtpReady } from '../../relay/dot-stuffing.ts'
import type { Envelope } from '../../relay/relay.ts'
import { messagesOf } from '../../runtime/config/newsletter.ts'
import type { Services } from '../../runtime/services.ts'
import type { Lease } from '../ledger/batches.ts'
import type { StartedAttempt } from '../ledger/start-attempts.ts'
import { openEditionCache } from './edition-cache.ts'
import { type EditionSelection, openSelection } from './edition-selection.ts'

/** A digest, with the buffer that holds it. */
interface RenderedDigest extends Message {
  buffer: MessageBuffer | undefined
}

/** An edition that is open for one batch. */
export interface OpenEdition extends EditionSelection {
  envelopeFor(marked: Pick<StartedAttempt, 'subscriberId' | 'email'>): Envelope
  /** Renders one reader's message, once: call `select` for the reader before. */
  render(marked: StartedAttempt, at: Date): RenderedDigest
  /** Gives a digest's buffer to a later one. Call it only after the relay accepted every byte; a second call has no effect. */
  recycle(digest: RenderedDigest): void
}

/** Renders editions as readers' messages. */
export interface EditionRenderer {
  open(release: Pick<Lease, 'editionId' | 'releasedAt'>): Promise<OpenEdition>
}

export function openEditionRenderer(services: Pick<Services, 'db' | 'config' | 'keys' | 'now'>): EditionRenderer {
  const loadEdition = openEditionCache(services)
  const buffers = new BufferPool()
  return {
    async open(release) {
      const { editionId } = release
      const edition = await loadEdition(release)
      const { compiled, quietDays, messageKey, smtpReady } = edition
      const selection = await openSelection(editionId, edition)
      return {
        ...selection,
        envelopeFor: ({ subscriberId, email }) => ({
          from: returnPath(services, { subscriberId, mail: 'digest', reference: editionId }),
          to: email,
        }),
        render(marked, at) {
          // A language may be newer than an edition.
          const locale = isLocale(marked.locale) && compiled.has(marked.locale) ? marked.locale : 'en'
          const { selected, unlisted, saved } = selection.explain(marked)
          const shown = describeSelection(selected, locale)
          const content = composeReaderContent(services, messageKey, marked, shown, at)
          const { subscriberId, sourceLinks, abstracts } = marked
          const extra = providerHeaders(services, { subscriberId, mail: 'digest', reference: editionId })
          const headers = Object.entries(extra).reduce(
            (all, [name, value]) => `${all}${name}: ${value}\r\n`,
            content.headers,
          )
          const notice = composeNotice(quietDays, marked.missedOn, messagesOf(services.config.newsletter, locale))
          const buffer = buffers.acquire()
          const digest = {
            ...content,
            headers,
            sourceLinks,
            abstracts,
            ...(unlisted && { unlisted }),
            ...(saved && { saved }),
            ...(notice && { notice }),
          }
          composeDigest(compiled.get(locale)!, digest, buffer)
          return { ...buffer.toMessage(), smtpReady: smtpReady && isSmtpReady(headers), buffer }
        },
        recycle(digest) {
          if (digest.buffer) buffers.release(digest.buffer)
          digest.buffer = undefined
        },
      }
    },
  }
}

/** Names the days without an edition, and this reader's digest that expired unsent; empty on most days. */
function composeNotice(quietDays: readonly ListDayState[], missedOn: string | null, t: Messages): string {
  if (quietDays.length === 0 && missedOn === null) return ''
  const missed = missedOn === null ? [] : [t.digest.missed(weekdayDate(missedOn, t.intl))]
  return [...describeQuietDays(quietDays, t), ...missed].join(t.punctuation.space)
}
