import type { RelaySettings } from '../runtime/config/relay-settings.ts'
import type { Outcome } from './outcome.ts'
import { openSession, type Session } from './smtp-session.ts'

/** After this long, a relay that accepted fewer connections than configured is asked for more again. */
const FEWER_FOR_MS = 60_000

/** `acquire` rejects with this when its signal aborts while the message waits. */
export const SENDING_STOPPED = new Error('sending stopped')
/** `acquire` rejects with this when the relay begins to rest while the message waits. */
const RELAY_RESTS = new Error('the relay rests')

/** The connections to one relay. Messages wait in order of arrival for a free one. */
export class ConnectionPool {
  connected = 0
  closed = false
  readonly #settings: RelaySettings
  readonly #idle: Session[] = []
  readonly #busy = new Set<Session>()
  readonly #waiting: (() => void)[] = []
  #limit: number
  #rests = 0
  /** connected or connecting */
  #opened = 0

  constructor(settings: RelaySettings) {
    this.#settings = settings
    this.#limit = settings.connections
  }

  /**
   * Waits for a free session, or opens one below the limit.
   *
   * @throws SENDING_STOPPED once `stop` is aborted; RELAY_RESTS when the relay began to rest since; the connection's error when none can
   *   be opened, and no other is open or on its way
   */
  async acquire(stop: AbortSignal | undefined): Promise<Session> {
    const rests = this.#rests
    for (;;) {
      if (this.closed) throw new Error('stopping')
      if (stop?.aborted) throw SENDING_STOPPED
      if (this.#rests !== rests) throw RELAY_RESTS
      const session = await this.#next(stop)
      if (!session) continue
      if (this.#rests !== rests) {
        session.quit()
        this.#forget()
        continue
      }
      this.#busy.add(session)
      return session
    }
  }

  /** Keeps a session for the next message, or ends it when it is worn out or its state is in doubt. */
  async release(session: Session, outcome: Outcome): Promise<void> {
    this.#busy.delete(session)
    const worn = session.sent >= this.#settings.messagesPerConnection
    const sound = session.usable && !outcome.lost && !outcome.relayDown && outcome.state !== 'unknown' && !this.closed
    // After a refusal the transaction is reset: with PIPELINING, half of it may still be open.
    if (sound && !worn && (outcome.state === 'accepted' || (await session.reset())) && !this.closed) {
      this.#idle.push(session)
      this.#wakeNext()
      return
    }
    if (sound && worn) session.quit()
    else session.cut()
    this.#forget()
  }

  /** Turns away the messages that wait, so that the next relay gets them. Those in flight finish. */
  turnAway(): void {
    this.#rests++
    for (const wake of this.#waiting.splice(0)) wake()
  }

  /** Ends idle sessions, cuts busy ones and wakes every waiting message. */
  close(): void {
    this.closed = true
    for (const session of this.#idle.splice(0)) session.quit()
    for (const session of this.#busy) session.cut()
    for (const wake of this.#waiting.splice(0)) wake()
  }

  /** Returns undefined when the caller has to look again. */
  async #next(stop: AbortSignal | undefined): Promise<Session | undefined> {
    const idle = this.#idle.pop()
    if (idle?.usable) return idle
    if (idle) this.#forget()
    else if (this.#opened < this.#limit) return this.#connect()
    else await this.#turn(stop)
    return undefined
  }

  async #connect(): Promise<Session | undefined> {
    this.#opened++
    try {
      const session = await openSession(this.#settings)
      this.connected++
      return session
    } catch (error) {
      this.#opened--
      this.#wakeNext()
      if (this.#opened === 0) {
        this.#limit = this.#settings.connections
        throw error
      }
      // The relay may limit connections but serve those it has: use fewer for a while. It refuses one too many at once, while those
      // within the limit still log in.
      this.#limit = this.#opened
      setTimeout(() => {
        this.#limit = this.#settings.connections
        this.#wakeNext()
      }, FEWER_FOR_MS).unref()
      return undefined
    }
  }

  #turn(stop: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const go = () => {
        stop?.removeEventListener('abort', leaveQueue)
        resolve()
      }
      const leaveQueue = () => {
        this.#waiting.splice(this.#waiting.indexOf(go), 1)
        go()
      }
      stop?.addEventListener('abort', leaveQueue)
      this.#waiting.push(go)
    })
  }

  #forget(): void {
    this.#opened--
    this.connected--
    this.#wakeNext()
  }

  #wakeNext(): void {
    this.#waiting.shift()?.()
  }
}
