import { createHash, timingSafeEqual } from 'node:crypto'

/** Compares secrets of any length in constant time. */
export function isSameSecret(a: string | Buffer, b: string | Buffer): boolean {
  const hash = (value: string | Buffer) => createHash('sha256').update(value).digest()
  return timingSafeEqual(hash(a), hash(b))
}
