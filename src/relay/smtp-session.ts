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

/** One connection to a relay, for many messages. */
export interface Session {
  /** messages so far */
  sent: number
  usable: boolean
  /** Never rejects: whatever happens is an outcome. */
  send(envelope: Envelope, message: Message): Promise<Outcome>
  /** Clears a transaction that failed. @returns whether another message may follow */
  reset(): Promise<boolean>
  /** Says goodbye. */
  quit(): void
  /** Cuts it, also in the middle of a message, whose outcome then says so. */
  cut(): void
}

/** A relay that does not answer RSET within this is given up. */
const RESET_PATIENCE_MS = 10_000

/** @throws nodemailer's error when there is no connection, no greeting, or no login to be had */
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
        // First, since closing ends it, which would be the reason otherwise.
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
  socketTimeout: 300_000, // RFC 5321 § 4.5.3.2: five minutes is the least for most replies
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
      // nodemailer's error is the same whenever a connection dies; it asks for the message only after the relay's 354.
      const source = {
        pipe(destination: NodeJS.WritableStream) {
          begun = true
          writeMessage(destination, message)
          return destination
        },
      } as unknown as Buffer
      return new Promise((resolve) => {
        session.sent++
        abandon = () => resolve(outcomeOf({ message: 'given up on while the relay was silent' }, begun))
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
        const settle = (sound: boolean) => {
          clearTimeout(timer)
          smtp.off('end', lost).off('error', lost)
          resolve(sound)
        }
        // nodemailer forgets the callback when the connection dies meanwhile, so its end and the clock count as well.
        const lost = () => settle(false)
        const timer = setTimeout(lost, RESET_PATIENCE_MS)
        smtp.once('end', lost).once('error', lost)
        smtp.reset((error) => settle(!error && session.usable))
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

/** Some relays name the mailbox without its domain. */
function withoutLocalPart(reply: string, address: string): string {
  const local = address.slice(0, address.lastIndexOf('@'))
  return local.length < 3 ? reply : reply.replaceAll(local, '[address]')
}
