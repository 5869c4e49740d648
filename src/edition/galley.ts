/** Where a message is set: one growing buffer, which may be used again. Allocating 50 KB costs as much as filling them. */
export interface Galley {
  bytes: Buffer
  length: number
}

const FIRST_BYTES = 64 * 1024

export const newGalley = (): Galley => ({ bytes: Buffer.allocUnsafeSlow(FIRST_BYTES), length: 0 })

export function put(galley: Galley, chunk: Buffer): void {
  const { length } = galley
  const end = length + chunk.length
  if (end > galley.bytes.length) {
    const larger = Buffer.allocUnsafeSlow(2 * end)
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
export const setIn = ({ bytes, length }: Galley): Buffer => bytes.subarray(0, length)
