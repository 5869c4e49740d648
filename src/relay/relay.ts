import type { Message } from '../mail/message.ts'
import type { RelaySettings } from '../runtime/config/relay-settings.ts'
import { ConnectionPool, SENDING_STOPPED } from './connection-pool.ts'
import type { Outcome } from './outcome.ts'
import { outcomeOf } from './outcome.ts'
import { openSession, type Session } from './smtp-session.ts'
import type { Envelope } from './transaction.ts'

export type { Envelope } from './transaction.ts'

/** An SMTP server that delivers our email, used through a few connections; or several servers used as one. */
export interface Relay {
  connections: number
  /**
   * Sends one message and returns its outcome. Waits for a free connection. Never rejects.
   *
   * @param held once aborted, a message that still waits is not sent: its outcome is `queued`
   */
  send(envelope: Envelope, message: Message, held?: AbortSignal): Promise<Outcome>
  /** Returns how many of `want` messages the rates allow now. When 0, `restMs` says for how long. */
  room(want: number): Promise<number>
  /** whether a rate applies, so that `room` may return less than `want` */
  limited(): boolean
  /** milliseconds until the relay can be used again; 0 when it can be used now */
  restMs(): number
  /** milliseconds until a relay that failed is tried again; 0 while one is in use, whatever its rate */
  downMs(): number
  /** Ends it at once: messages that wait are deferred, connections in the middle of a message are cut. */
  close(): void
}

/** How long a stop waits for a silent relay before closing it. A stop may take 20 seconds in all. */
export const DRAIN_PATIENCE_MS = 12_000
/** Sessions may die between messages, for example when a relay limits their length. Each message is tried on this many. */
const SESSIONS_PER_MESSAGE = 3

/** One relay of its own, with a check that it works. */
export interface SingleRelay extends Relay {
  /** Connects and logs in, without an email. @throws nodemailer's error when that fails */
  check(): Promise<void>
  /** Turns away the messages that wait for a connection: their outcome is `deferred`, with `relayDown`. */
  turnAway(): void
}

/**
 * Opens a relay on a pool of connections. nodemailer connects and logs in; transaction.ts sends ready bytes.
 */
export function openRelay(settings: RelaySettings): SingleRelay {
  const pool = new ConnectionPool(settings)
  return {
    connections: settings.connections,
    room: async (want) => want,
    limited: () => false,
    restMs: () => 0,
    downMs: () => 0,
    async check() {
      ;(await openSession(settings)).quit()
    },
    async send(envelope, message, held) {
      for (let tries = 1; ; tries++) {
        let session: Session
        try {
          session = await pool.acquire(held)
        } catch (error) {
          if (error === SENDING_STOPPED) return { state: 'queued', reply: '' }
          return { ...outcomeOf(error as Error, false), state: 'deferred', lost: true, relayDown: true }
        }
        const fresh = session.sent === 0
        const outcome = await session.send(envelope, message)
        void pool.release(session, outcome)
        if (!outcome.lost) return outcome
        if (pool.closed || tries === SESSIONS_PER_MESSAGE) {
          return pool.closed || (fresh && pool.connected === 0) ? { ...outcome, relayDown: true } : outcome
        }
      }
    },
    turnAway: () => pool.turnAway(),
    close: () => pool.close(),
  }
}
