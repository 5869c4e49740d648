/** An RFC 5322 message. */
export interface Message {
  bytes: Buffer
  /** SMTP carries the bytes unchanged (relay/dot-stuffing.ts) and they end with CRLF, so that sending need not scan them */
  smtpReady?: boolean
  /** how many bytes of the same memory, just before `bytes`, `prependHeaders` may overwrite; none by default */
  headroom?: number
}

/**
 * Returns the message with header fields before it. The message itself stays as it was.
 * With enough headroom, both share their memory and nothing is copied.
 *
 * @param fields ASCII, each ended by CRLF
 */
export function prependHeaders(fields: string, message: Message): Message {
  const { bytes, headroom = 0 } = message
  if (fields.length > headroom) {
    return { ...message, bytes: Buffer.concat([Buffer.from(fields, 'latin1'), bytes]), headroom: 0 }
  }
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset - fields.length, fields.length + bytes.length)
  whole.write(fields, 0, 'latin1')
  return { ...message, bytes: whole, headroom: headroom - fields.length }
}
