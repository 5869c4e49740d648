/**
 * Messages that need nothing on their way (RFC 5321 § 4.5.2): no line begins with a dot, every line break is CRLF and the last bytes
 * are one. nodemailer looks at each byte of a message for that, which is a third of all the time that handing it over takes. A digest's
 * parts are looked at once an edition instead, and what is put between them is short.
 */
const ready = new WeakSet<Buffer>()

export function markWireReady(message: Buffer): Buffer {
  ready.add(message)
  return message
}

export const isWireReady = (message: Buffer): boolean => ready.has(message)

/** Whether text that begins at a line's begin needs nothing. */
export const isWireText = (text: string): boolean => !/^\.|\n\.|\r(?!\n)|(?<!\r)\n/.test(text)

/** Whether every piece of an edition needs nothing, wherever it stands. */
export const arePartsWireText = (parts: object): boolean => everyString(parts, isWireText)

const everyString = (value: unknown, holds: (text: string) => boolean): boolean =>
  typeof value === 'string'
    ? holds(value)
    : typeof value !== 'object' || value === null || Object.values(value).every((each) => everyString(each, holds))

/** nodemailer's stream for a message: it ends with the line break and the dot that are still missing after `lastByte`. */
interface DataStream extends NodeJS.WritableStream {
  lastByte: number | false
  _transform(chunk: Buffer, encoding: string, done: (error: null, chunk: Buffer) => void): void
}

/** Writes a message to nodemailer's stream; one that needs nothing passes through it without being looked at. */
export function writeMessage(stream: NodeJS.WritableStream, message: Buffer): void {
  if (isWireReady(message)) {
    const data = stream as DataStream
    data._transform = (chunk, _encoding, done) => done(null, chunk)
    data.lastByte = 0x0a
  }
  stream.end(message)
}
