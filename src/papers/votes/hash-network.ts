import { createHmac } from 'node:crypto'
import { dayOf } from '../../calendar/days.ts'
import { networksOf } from '../../lib/network.ts'

/**
 * What is kept of the network a vote came from: 16 bytes that are the same for votes of one network on one UTC day, and tell nothing
 * without the key. A network is an IPv4 address, or an IPv6 /64, which is what one household is given.
 *
 * @param address as the connection had it: "203.0.113.7", "::ffff:203.0.113.7", "2001:db8::1%eth0"
 */
export function hashNetwork(secretKey: string, address: string, at: Date): Buffer {
  return createHmac('sha256', secretKey)
    .update(`vote network\0${dayOf(at)}\0${networksOf(address)[0]}`)
    .digest()
    .subarray(0, 16)
}
