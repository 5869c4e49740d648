import type { Message } from '../mail/message.ts'
import type { Outcome } from '../relay/outcome.ts'
import type { Envelope, Relay } from '../relay/relay.ts'

/** An email that the simulated relay received, whether or not its reply arrived. */
export interface ReceivedEmail {
  to: string
  at: Date
  messageId: string
  /** the reply that said so was lost */
  unanswered: boolean
  /** of a digest: `daily` or `weekly`, and the edition's date */
  edition: { kind: string; date: string } | undefined
}

export interface RelayTrouble {
  /** nothing answers during this time */
  isDown(at: Date): boolean
  /** addresses of mailboxes that no longer exist */
  dead: ReadonlySet<string>
  /** share of messages whose first attempt is put off, and of those whose reply is lost */
  greylisted: number
  unanswered: number
}

/**
 * A relay in this process. It notes what it receives, and hands each message to `onEmail`.
 * Its trouble depends on the message, not on the order of messages, which no seed repeats.
 */
export interface SimulatedRelay extends Relay {
  received: ReceivedEmail[]
}

export function simulatedRelay(
  now: () => Date,
  chance: (share: number, key: string) => boolean,
  trouble: RelayTrouble,
  onEmail: (to: string, bytes: Buffer) => void,
): SimulatedRelay {
  const received: ReceivedEmail[] = []
  const attempts = new Map<string, number>()
  const answer = (to: string, bytes: Buffer): Outcome => {
    const at = now()
    if (trouble.isDown(at)) return { state: 'deferred', reply: 'connection refused', lost: true, relayDown: true }
    if (trouble.dead.has(to)) return { state: 'refused', reply: '550 5.1.1 no such user', hardBounce: true }
    const { messageId, edition, feedbackId } = readHeaders(bytes)
    const attempt = (attempts.get(messageId) ?? 0) + 1
    attempts.set(messageId, attempt)
    const key = `${to} ${feedbackId}`
    if (attempt === 1 && chance(trouble.greylisted, `greylisted ${key}`))
      return { state: 'deferred', reply: '451 4.7.1 greylisted, try again later' }
    const unanswered = chance(trouble.unanswered, `unanswered ${key} ${attempt}`)
    received.push({ to, at, messageId, unanswered, edition })
    onEmail(to, bytes)
    return unanswered
      ? { state: 'unknown', reply: 'connection lost after the message' }
      : { state: 'accepted', reply: '250 2.0.0 ok' }
  }
  return {
    received,
    connections: 50,
    send: async ({ to }: Envelope, { bytes }: Message) => answer(to, bytes),
    room: async (want) => want,
    limited: () => false,
    restMs: () => 0,
    downMs: () => 0,
    close: () => {},
  }
}

function readHeaders(bytes: Buffer) {
  const head = bytes.toString('latin1', 0, bytes.indexOf('\r\n\r\n')).replace(/\r\n[ \t]+/g, ' ')
  const feedbackId = /^Feedback-ID: (\S+)/m.exec(head)![1]!
  const [, date, kind] = /^(\d{4}-\d\d-\d\d):(daily|weekly):digest/.exec(feedbackId) ?? []
  return {
    feedbackId,
    messageId: /^Message-ID: *(\S+)/im.exec(head)![1]!,
    edition: date && kind ? { kind, date } : undefined,
  }
}
