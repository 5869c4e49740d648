/**
 * Returns whether SMTP carries text unchanged (RFC 5321 § 4.5.2): no line begins with a dot, and every line break is CRLF.
 * Checking each byte of a message for that is a third of the time that sending takes. So a digest's segments are checked once per
 * edition, and the values between them are short.
 *
 * @param value text that begins a line, or an object: then all strings in it, at any depth
 */
export const isSmtpReady = (value: unknown): boolean =>
  typeof value === 'string'
    ? !/^\.|\n\.|\r(?!\n)|(?<!\r)\n/.test(value)
    : typeof value !== 'object' || value === null || Object.values(value).every(isSmtpReady)

/**
 * Returns a message as SMTP carries it: every line break is CRLF, also the last one, and a dot that begins a line is doubled.
 * A line break that is only CR or LF would let a message end early for a relay that reads it otherwise (SMTP smuggling).
 */
export function stuffDots(bytes: Buffer): Buffer {
  const text = bytes.toString('latin1').replace(/\r\n|\r|\n/g, '\r\n')
  const stuffed = text.replace(/^\.|(?<=\n)\./g, '..')
  return Buffer.from(stuffed.endsWith('\r\n') ? stuffed : `${stuffed}\r\n`, 'latin1')
}
