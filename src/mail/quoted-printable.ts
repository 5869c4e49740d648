import { encode, wrap } from 'nodemailer/lib/qp'

/**
 * Encodes text as quoted-printable lines (RFC 2045 § 6.7). The last line ends with the text's own line break, else with a soft one.
 * So encoded pieces can be joined in any order. No line begins with a dot, so that SMTP need not double any, nor with "From ", before
 * which mailboxes write a > (RFC 4155).
 */
export function encodeLines(text: string): string {
  // Three fewer than RFC 2045's 76: the last line gets a soft break here, and its first letter becomes three characters.
  const encoded = wrap(encode(text.replace(/\r?\n/g, '\r\n')), 73)
    .replace(/^\./gm, '=2E')
    .replace(/^From /gm, '=46rom ')
  return encoded === '' || encoded.endsWith('\r\n') ? encoded : `${encoded}=\r\n`
}

/** Counts the bytes that quoted-printable text decodes to. */
export const decodedLength = (encoded: string): number =>
  encoded.length - 3 * (encoded.split('=\r\n').length - 1) - 2 * (encoded.match(/=[0-9A-F]{2}/g)?.length ?? 0)

/** Decodes quoted-printable UTF-8 of our own making: malformed input is not expected. */
export const decodeLines = (encoded: Buffer): string =>
  Buffer.from(
    encoded
      .toString('latin1')
      .replace(/=\r\n/g, '')
      .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  )
    .toString('utf8')
    .replace(/\r\n/g, '\n')
