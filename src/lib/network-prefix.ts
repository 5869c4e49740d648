import { isIPv6 } from 'node:net'

/**
 * The network of an address: an IPv4 address, or an IPv6 /64, which is what one household is given.
 *
 * @param address as the connection had it: "203.0.113.7", "::ffff:203.0.113.7", "2001:db8::1%eth0"
 */
export function networkPrefix(address: string): string {
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
