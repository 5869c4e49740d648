import type { Socket } from 'node:net'
import SMTPConnection, { type SMTPConnectionOptions } from 'nodemailer/lib/smtp-connection'
import { reasonOf } from '../lib/connection-error.ts'
import { redact } from '../lib/redact.ts'
import type { Message } from '../mail/message.ts'
import type { RelaySettings } from '../runtime/config/relay-settings.ts'
import { dial } from './dial.ts'
import { type Outcome, outcomeOf } from './outcome.ts'
import { type Envelope, type Extensions, Transactions } from './transaction.ts'

/** One SMTP connection to a relay, for many messages. */
export interface Session {
  /** messages sent so far */
  sent: number
  usable: boolean
  /** Sends one message. Never rejects: every failure is an outcome. */
  send(envelope: Envelope, message: Message): Promise<Outcome>
  /** Resets a failed transaction (RSET). Returns whether the session can be used again. */
  reset(): Promise<boolean>
  /** Ends it with QUIT. */
  quit(): void
  /** Closes it at once, even during a message, whose outcome is then a lost connection. */
  cut(): void
}

/** A session without a reply to RSET after this long is closed. */
const RESET_PATIENCE_MS = 10_000
const CONNECT_PATIENCE_MS = 30_000

/**
 * Connects and logs in. nodemailer does greeting, EHLO, STARTTLS and AUTH. Then the messages are ours, on the same socket.
 *
 * @throws nodemailer's error when connection, greeting or login fails
 */
export async function openSession(settings: RelaySettings): Promise<Session> {
  const { auth } = settings
  const connection = await dial(settings, CONNECT_PATIENCE_MS)
  return new Promise((resolve, reject) => {
    const smtp = new SMTPConnection({ ...optionsOf(settings), connection })
    const closed = () => reject(new Error('the relay closed the connection before its greeting was over'))
    const failed = (error: Error) => {
      error.message = reasonOf(error)
      reject(error)
    }
    smtp.on('error', failed).once('end', closed)
    smtp.connect((error) => {
      if (error) return failed(error)
      const extensions = extensionsIn(String(smtp.lastServerResponse))
      const open = () => resolve(sessionOn(smtp, extensions))
      if (!auth || smtp.authenticated) return open()
      smtp.login(auth, (refused) => {
        if (!refused) return open()
        // Before close(): its `end` event would reject with another reason.
        reject(refused)
        smtp.close()
      })
    })
  })
}

/** @param greeting the relay's reply to EHLO, or to HELO without extensions */
function extensionsIn(greeting: string): Extensions {
  const offers = (keyword: string) => new RegExp(`^\\d{3}[ -]${keyword}\\b`, 'im').test(greeting)
  const maxBytes = Number(/^\d{3}[ -]SIZE[ \t]+(\d+)/im.exec(greeting)?.[1])
  return {
    pipelining: offers('PIPELINING'),
    utf8: offers('SMTPUTF8'),
    size: offers('SIZE'),
    maxBytes: maxBytes > 0 ? maxBytes : Number.POSITIVE_INFINITY,
  }
}

export const optionsOf = ({ host, secure, requireTLS, tls, ehlo }: RelaySettings): SMTPConnectionOptions => ({
  host,
  secure,
  requireTLS,
  tls,
  greetingTimeout: 30_000,
  socketTimeout: 300_000, // RFC 5321 § 4.5.3.2: five minutes is the minimum for most replies
  ...(ehlo === undefined ? {} : { name: ehlo }),
})

function sessionOn(smtp: SMTPConnection, extensions: Extensions): Session {
  const socket = smtp._socket as Socket
  // Our reader takes the replies. nodemailer still notices a timeout, an error and the end of the socket, and closes it.
  socket.removeAllListeners('data')
  const transactions = new Transactions(socket, extensions, () => session.cut())
  const session: Session = {
    sent: 0,
    usable: true,
    async send(envelope, message) {
      session.sent++
      const end = await transactions.send(envelope, message)
      const outcome: Outcome =
        'failure' in end ? outcomeOf(end.failure, end.begun) : { state: 'accepted', reply: redact(end.reply) }
      return { ...outcome, reply: withoutLocalPart(outcome.reply, envelope.to) }
    },
    async reset() {
      const timer = setTimeout(() => session.cut(), RESET_PATIENCE_MS)
      const agreed = await transactions.reset()
      clearTimeout(timer)
      return agreed && session.usable
    },
    quit() {
      session.usable = false
      socket.write('QUIT\r\n')
      smtp.close()
    },
    cut() {
      session.usable = false
      smtp.close()
      transactions.end({ message: 'cut while waiting for the relay' })
    },
  }
  const lost = (error?: Error) => {
    session.usable = false
    transactions.end({ message: error?.message ?? 'the relay closed the connection' })
  }
  smtp.on('error', lost).once('end', () => lost())
  return session
}

/** Removes the local part: some relays name the mailbox without its domain. */
function withoutLocalPart(reply: string, address: string): string {
  const local = address.slice(0, address.lastIndexOf('@'))
  return local.length < 3 ? reply : reply.replaceAll(local, '[address]')
}
