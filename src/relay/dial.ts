import { connect, type Socket } from 'node:net'
import { reasonOf } from '../lib/connection-error.ts'
import type { RelaySettings } from '../runtime/config/relay-settings.ts'

/** Ports for submission (RFC 8314 § 3). */
const TLS_PORT = 465
const STARTTLS_PORT = 587

/**
 * Connects to a relay. Node asks the machine's resolver each time, as for every other server. nodemailer would ask another one, which does
 * not read /etc/hosts, and keep the answer for five minutes.
 *
 * @param patienceMs for the look-up and all addresses together
 * @throws the socket's error, with the reason as its message
 */
export function dial({ host, port, secure }: RelaySettings, patienceMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: port ?? (secure ? TLS_PORT : STARTTLS_PORT) })
    const late = setTimeout(() => socket.destroy(new Error('Connection timeout')), patienceMs)
    const failed = (error: Error) => {
      clearTimeout(late)
      error.message = reasonOf(error)
      reject(error)
    }
    socket.once('error', failed).once('connect', () => {
      clearTimeout(late)
      socket.off('error', failed)
      resolve(socket)
    })
  })
}
