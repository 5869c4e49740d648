import SMTPConnection, { type SMTPConnectionOptions } from 'nodemailer/lib/smtp-connection'
import { redact } from '../lib/redact.ts'
import type { Message } from '../mail/message.ts'
import type { RelaySettings } from '../runtime/config/relay-settings.ts'
import { writeMessage } from './dot-stuffing.ts'
import { type Outcome, outcomeOf } from './outcome.ts'

export interface Envelope {
  from: string
  to: string
}

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

/** Connects and logs in. @throws nodemailer's error when connection, greeting or login fails */
export function openSession(settings: RelaySettings): Promise<Session> {
  const { auth } = settings
  return new Promise((resolve, reject) => {
    const smtp = new SMTPConnection(optionsOf(settings))
    const session = sessionOn(smtp)
    smtp.on('error', (error) => {
      session.usable = false
      reject(error)
    })
    smtp.once('end', () => {
      session.usable = false
      reject(new Error('the relay closed the connection before its greeting was over'))
    })
    smtp.connect((error) => {
      if (error) return reject(error)
      if (!auth || smtp.authenticated) return resolve(session)
      smtp.login(auth, (refused) => {
        if (!refused) return resolve(session)
        // Before close(): its `end` event would reject with another reason.
        reject(refused)
        smtp.close()
      })
    })
  })
}

export const optionsOf = ({ host, port, secure, requireTLS, tls, ehlo }: RelaySettings): SMTPConnectionOptions => ({
  host,
  secure,
  requireTLS,
  tls,
  connectionTimeout: 30_000,
  greetingTimeout: 30_000,
  socketTimeout: 300_000, // RFC 5321 § 4.5.3.2: five minutes is the minimum for most replies
  ...(port === undefined ? {} : { port }),
  ...(ehlo === undefined ? {} : { name: ehlo }),
})

function sessionOn(smtp: SMTPConnection): Session {
  let abandon = () => {}
  const session: Session = {
    sent: 0,
    usable: true,
    send(envelope, message) {
      let begun = false
      // nodemailer reports every lost connection the same way, but reads the message only after the relay's 354.
      const source = {
        pipe(destination: NodeJS.WritableStream) {
          begun = true
          writeMessage(destination, message)
          return destination
        },
      } as unknown as Buffer
      return new Promise((resolve) => {
        session.sent++
        abandon = () => resolve(outcomeOf({ message: 'cut while waiting for the relay' }, begun))
        smtp.send({ from: envelope.from, to: [envelope.to], size: message.bytes.length }, source, (error, info) => {
          const outcome: Outcome = error
            ? outcomeOf(error, begun)
            : { state: 'accepted', reply: redact(info!.response) }
          resolve({ ...outcome, reply: withoutLocalPart(outcome.reply, envelope.to) })
        })
      })
    },
    reset() {
      return new Promise((resolve) => {
        const finish = (sound: boolean) => {
          clearTimeout(timer)
          smtp.off('end', lost).off('error', lost)
          resolve(sound)
        }
        // nodemailer drops the callback when the connection dies, so its end and a timeout count too.
        const lost = () => finish(false)
        const timer = setTimeout(lost, RESET_PATIENCE_MS)
        smtp.once('end', lost).once('error', lost)
        smtp.reset((error) => finish(!error && session.usable))
      })
    },
    quit: () => smtp.quit(),
    cut() {
      session.usable = false
      smtp.close()
      abandon()
    },
  }
  return session
}

/** Removes the local part: some relays name the mailbox without its domain. */
function withoutLocalPart(reply: string, address: string): string {
  const local = address.slice(0, address.lastIndexOf('@'))
  return local.length < 3 ? reply : reply.replaceAll(local, '[address]')
}
