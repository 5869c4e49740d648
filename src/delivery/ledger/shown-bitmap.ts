/** Converts the positions of shown papers to and from the ledger's bitmap. Bit 7 of byte 0 is position 0. */

export function toBitmap(positions: readonly number[]): Buffer {
  const bitmap = Buffer.alloc(Math.ceil(((positions.at(-1) ?? -1) + 1) / 8))
  for (const position of positions) bitmap[position >> 3]! |= 0x80 >> (position & 7)
  return bitmap
}

export function fromBitmap(bitmap: Buffer): number[] {
  const positions: number[] = []
  for (let position = 0; position < bitmap.length * 8; position++) {
    if (bitmap[position >> 3]! & (0x80 >> (position & 7))) positions.push(position)
  }
  return positions
}
