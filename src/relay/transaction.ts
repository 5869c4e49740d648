import type { Socket } from 'node:net'
import { isAscii } from '../mail/address.ts'
import type { Message } from '../mail/message.ts'
import { stuffDots } from './dot-stuffing.ts'
import { NEEDS_SMTPUTF8, type SmtpFailure } from './outcome.ts'
import { ReplyReader } from './reply-reader.ts'

export interface Envelope {
  from: string
  to: string
}

/** What the relay's reply to EHLO offers. */
export interface Extensions {
  /** RFC 2920: takes the commands of an envelope at once, so that a message needs two round trips instead of four */
  pipelining: boolean
  /** RFC 6531: takes addresses that are not ASCII */
  utf8: boolean
  /** RFC 1870: wants to know a message's size */
  size: boolean
  /** bytes of the largest message; Infinity without a limit */
  maxBytes: number
}

/** The end of a transaction. `begun`: the relay had asked for the message, so it may have all of it. */
export type TransactionEnd = { reply: string } | { failure: SmtpFailure; begun: boolean }

/** What the next reply answers. `empty`: a message without recipients, which ends a refused envelope. */
type Step = 'MAIL FROM' | 'RCPT TO' | 'DATA' | 'message' | 'empty' | 'RSET'

const ADDRESS_UNSAFE = /[\r\n<>]/

/**
 * Sends messages one by one on a socket that is connected, secured and logged in (RFC 5321 § 3.3).
 *
 * The owner of the socket calls `end` once it is lost.
 */
export class Transactions {
  /** no further message can be sent: the socket is lost, or the relay said that it closes or broke the protocol, so it must be closed */
  ended = false
  readonly #socket: Socket
  readonly #extensions: Extensions
  readonly #close: () => void
  readonly #replies = new ReplyReader()
  /** what the relay has yet to answer, in order */
  readonly #awaited: Step[] = []
  #envelope: Envelope = { from: '', to: '' }
  #message: Message = { bytes: Buffer.alloc(0) }
  #begun = false
  /** why the relay refused the envelope; with PIPELINING, replies to the rest of it are still to come */
  #refusal: SmtpFailure | undefined
  #finish: ((end: TransactionEnd) => void) | undefined
  #finishReset: ((done: boolean) => void) | undefined

  /** @param close closes the socket. Called once no further message can be sent, also between messages: a relay may wait for that */
  constructor(socket: Socket, extensions: Extensions, close: () => void) {
    this.#socket = socket
    this.#extensions = extensions
    this.#close = close
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
  }

  /** Sends one message. Never rejects. */
  send(envelope: Envelope, message: Message): Promise<TransactionEnd> {
    const unfit = this.#unfit(envelope, message)
    if (unfit) return Promise.resolve({ failure: unfit, begun: false })
    return new Promise((resolve) => {
      this.#finish = resolve
      this.#envelope = envelope
      this.#message = message
      this.#begun = false
      this.#refusal = undefined
      const { pipelining } = this.#extensions
      this.#ask(...(pipelining ? (['MAIL FROM', 'RCPT TO', 'DATA'] as const) : (['MAIL FROM'] as const)))
    })
  }

  /** Ends a refused transaction (RSET). Returns whether the relay agreed. */
  async reset(): Promise<boolean> {
    if (this.ended) return false
    return new Promise((resolve) => {
      this.#finishReset = resolve
      this.#ask('RSET')
    })
  }

  /** Ends the open transaction, and accepts no other. */
  end(failure: SmtpFailure): void {
    if (this.ended) return
    this.ended = true
    this.#awaited.length = 0
    this.#settle({ failure: this.#refusal ?? failure, begun: this.#begun })
    this.#finishReset?.(false)
    this.#finishReset = undefined
    this.#close()
  }

  #unfit({ from, to }: Envelope, { bytes }: Message): SmtpFailure | undefined {
    if (this.ended) return { message: 'the connection is lost', code: 'ECONNECTION' }
    if (ADDRESS_UNSAFE.test(from) || ADDRESS_UNSAFE.test(to))
      return { message: 'the address cannot be written in SMTP', code: 'EENVELOPE', command: 'API' }
    const { maxBytes, utf8 } = this.#extensions
    // Not the sender's: that would refuse every reader, so the relay itself judges it.
    if (!utf8 && !isAscii(to))
      return { message: 'the relay takes no letters beyond ASCII before the @ (SMTPUTF8)', code: NEEDS_SMTPUTF8 }
    if (bytes.length > maxBytes)
      return { message: `the relay takes only ${maxBytes} bytes`, code: 'EMESSAGE', command: 'MAIL FROM' }
    return undefined
  }

  /** Sends commands in one write, because a relay answers a batch at once. */
  #ask(...steps: Step[]): void {
    this.#awaited.push(...steps)
    this.#socket.write(steps.map((step) => `${this.#command(step)}\r\n`).join(''))
  }

  #command(step: Step): string {
    const { from, to } = this.#envelope
    switch (step) {
      case 'MAIL FROM':
        return `MAIL FROM:<${from}>${this.#parameters()}`
      case 'RCPT TO':
        return `RCPT TO:<${to}>`
      case 'empty':
        return '.'
      default:
        return step
    }
  }

  #parameters(): string {
    const { from, to } = this.#envelope
    return `${isAscii(from + to) ? '' : ' SMTPUTF8'}${this.#extensions.size ? ` SIZE=${this.#message.bytes.length}` : ''}`
  }

  #read(chunk: Buffer): void {
    try {
      for (const reply of this.#replies.read(chunk)) this.#take(reply)
    } catch (error) {
      this.end({ message: (error as Error).message, code: 'EPROTOCOL' })
    }
  }

  #take(reply: string): void {
    if (this.ended) return
    const step = this.#awaited.shift()
    // A relay may say at any time that it closes (RFC 5321 § 3.8). Any other reply without a command breaks the protocol.
    if (step === undefined) this.end({ message: reply, code: 'EPROTOCOL', response: reply })
    else if (/^421\b/.test(reply)) this.end(failureOf(step, reply))
    else this.#takeReplyTo(step, reply)
  }

  #takeReplyTo(step: Step, reply: string): void {
    const agrees = reply.startsWith('2')
    switch (step) {
      case 'MAIL FROM':
      case 'RCPT TO':
        // The first refusal counts: the replies after it only follow from it.
        if (!agrees) this.#refusal ??= failureOf(step, reply)
        if (this.#extensions.pipelining) break
        if (this.#refusal) this.#fail(this.#refusal)
        else this.#ask(step === 'MAIL FROM' ? 'RCPT TO' : 'DATA')
        break
      case 'DATA':
        // Some relays say 250 and wait for the message all the same.
        if (agrees || reply.startsWith('3')) this.#sendMessage()
        else this.#fail(this.#refusal ?? failureOf(step, reply))
        break
      case 'message':
        // A second 354 or a warning says neither that the relay has the message nor that it refuses it: the end is still to come.
        if (!/^[245]\d\d/.test(reply)) this.#awaited.unshift(step)
        else this.#settle(agrees ? { reply } : { failure: failureOf(step, reply), begun: true })
        break
      case 'empty':
        this.#fail(this.#refusal!)
        break
      case 'RSET':
        this.#finishReset?.(agrees)
        this.#finishReset = undefined
    }
  }

  #sendMessage(): void {
    if (this.#refusal?.command === 'MAIL FROM') {
      // A relay that wants a message from a sender it refused cannot be trusted with an empty one.
      this.end(this.#refusal)
    } else if (this.#refusal) {
      this.#ask('empty')
    } else {
      this.#begun = true
      this.#awaited.push('message')
      const { bytes, smtpReady } = this.#message
      // Corked, so that the message and its end leave in one write.
      this.#socket.cork()
      this.#socket.write(smtpReady ? bytes : stuffDots(bytes))
      this.#socket.write('.\r\n')
      this.#socket.uncork()
    }
  }

  /** The relay refused the envelope. */
  #fail(failure: SmtpFailure): void {
    this.#settle({ failure, begun: false })
  }

  #settle(end: TransactionEnd): void {
    const finish = this.#finish
    this.#finish = undefined
    finish?.(end)
  }
}

function failureOf(step: Step, reply: string): SmtpFailure {
  const responseCode = Number(/^\d{3}/.exec(reply)?.[0])
  return {
    message: reply,
    code: step === 'message' ? 'EMESSAGE' : 'EENVELOPE',
    command: step === 'message' ? 'DATA' : step,
    response: reply,
    ...(Number.isNaN(responseCode) ? {} : { responseCode }),
  }
}
