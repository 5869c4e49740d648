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

/** Formats a Date header in UTC (RFC 5322 § 3.3): "Tue, 14 Apr 2026 03:00:00 +0000". */
export const formatMailDate = (at: Date): string => at.toUTCString().replace('GMT', '+0000')
