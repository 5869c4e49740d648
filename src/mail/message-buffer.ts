/**
 * Where a message is set: one growing buffer, which may be used again. Allocating 50 KB costs as much as filling them. Before the message
 * there is room for what is known only when it is finished: its signatures.
 */
export interface Galley {
  bytes: Buffer
  /** where it ends; `ROOM_BEFORE` when there is nothing in it */
  length: number
}

const ROOM_BEFORE = 4 * 1024
const FIRST_BYTES = 64 * 1024

const memories = new WeakSet<ArrayBufferLike>()

export const newGalley = (): Galley => ({ bytes: allocate(FIRST_BYTES), length: ROOM_BEFORE })

export function clear(galley: Galley): void {
  galley.length = ROOM_BEFORE
}

function allocate(size: number): Buffer {
  const bytes = Buffer.allocUnsafeSlow(size)
  memories.add(bytes.buffer)
  return bytes
}

export function put(galley: Galley, chunk: Buffer): void {
  const { length } = galley
  const end = length + chunk.length
  if (end > galley.bytes.length) {
    const larger = allocate(2 * end)
    galley.bytes.copy(larger, 0, 0, length)
    galley.bytes = larger
  }
  galley.bytes.set(chunk, length)
  galley.length = end
}

/** For what is ASCII: headers and boundaries. */
export function putText(galley: Galley, ascii: string): void {
  const end = galley.length + ascii.length
  if (end > galley.bytes.length) put(galley, Buffer.from(ascii, 'latin1'))
  else {
    galley.bytes.write(ascii, galley.length, 'latin1')
    galley.length = end
  }
}

/** What was set, as a view: it holds until the galley is used again. */
export const setIn = ({ bytes, length }: Galley): Buffer => bytes.subarray(ROOM_BEFORE, length)

/** A message with lines before it; one that was set in a galley is not copied for that, and stays as it was. */
export function withBefore(ascii: string, message: Buffer): Buffer {
  const isSet = memories.has(message.buffer) && message.byteOffset === ROOM_BEFORE
  if (!isSet || ascii.length > ROOM_BEFORE) return Buffer.concat([Buffer.from(ascii, 'latin1'), message])
  const whole = Buffer.from(message.buffer, message.byteOffset - ascii.length, ascii.length + message.length)
  whole.write(ascii, 0, 'latin1')
  return whole
}
