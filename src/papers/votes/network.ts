import { createHmac } from 'node:crypto'
import { isIPv6 } from 'node:net'
import { dayOf } from '../days.ts'

/**
 * What is kept of the network a vote came from: 16 bytes that are the same for votes of one network on one UTC day, and tell nothing
 * without the key. A network is an IPv4 address, or an IPv6 /64, which is what one household is given.
 *
 * @param address as the connection had it: "203.0.113.7", "::ffff:203.0.113.7", "2001:db8::1%eth0"
 */
export function networkOf(secretKey: string, address: string, at: Date): Buffer {
  return createHmac('sha256', secretKey)
    .update(`vote network\0${dayOf(at)}\0${prefixOf(address)}`)
    .digest()
    .subarray(0, 16)
}

function prefixOf(address: string): string {
  const plain = address.replace(/%.*$/, '').toLowerCase()
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(plain)
  if (mapped) return mapped[1]!
  if (!isIPv6(plain)) return plain
  // "2001:db8::1" → the 8 groups that "::" shortens.
  const [head = '', tail] = plain.split('::')
  const groups = (text: string | undefined) => (text ? text.split(':') : [])
  const [before, after] = [groups(head), groups(tail)]
  const gap = tail === undefined ? [] : Array(Math.max(0, 8 - before.length - after.length)).fill('0')
  return [...before, ...gap, ...after]
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')
}
