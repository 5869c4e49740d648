import { createHmac, type KeyObject } from 'node:crypto'
import MimeNode from 'nodemailer/lib/mime-node'
import type { Mailbox } from './mailbox.ts'

/**
 * Encodes and folds header fields (RFC 5322 § 2.2.3, RFC 2047); each ends with CRLF.
 * nodemailer does the work, since it never splits a character.
 */
export function encodeHeaders(headers: Record<string, string | Mailbox>): string {
  const node = new MimeNode()
  // MimeNode also takes a name and an address, which its types omit. In one string, a name's `:` or `;` would be read as syntax.
  node.setHeader(headers as Record<string, string>)
  const wanted = new Set(Object.keys(headers).map((name) => name.toLowerCase()))
  // MimeNode adds a Message-ID and a Date of its own.
  return node
    .buildHeaders()
    .split(/\r\n(?![ \t])/)
    .filter((line) => wanted.has(line.slice(0, line.indexOf(':')).toLowerCase()))
    .map((line) => `${line}\r\n`)
    .join('')
}

/**
 * Returns the left part of a Message-ID: the same for every attempt, and impossible for another reader to guess.
 *
 * @param messageKey the secret of the edition or the service email. For many messages pass a KeyObject: a Buffer takes six times as long
 * @param id of the subscriber, or of the service email
 */
export const createMessageId = (messageKey: Buffer | KeyObject, id: number): string =>
  createHmac('sha256', messageKey).update(`message ${id}`).digest('hex').slice(0, 32)

/** Formats a Date header in UTC (RFC 5322 § 3.3): "Tue, 14 Apr 2026 03:00:00 +0000". */
export const formatMailDate = (at: Date): string => at.toUTCString().replace('GMT', '+0000')
