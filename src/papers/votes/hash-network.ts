import { createHmac } from 'node:crypto'
import { dayOf } from '../../calendar/days.ts'
import { networksOf } from '../../lib/network.ts'

/**
 * Returns the keyed hash of a vote's network and UTC day: 16 bytes that reveal nothing without the key.
 * A network is an IPv4 address or an IPv6 /64, which providers assign to one household.
 *
 * @param address the connection's address: "203.0.113.7", "::ffff:203.0.113.7", "2001:db8::1%eth0"
 */
export function hashNetwork(secretKey: string, address: string, at: Date): Buffer {
  return createHmac('sha256', secretKey)
    .update(`vote network\0${dayOf(at)}\0${networksOf(address)[0]}`)
    .digest()
    .subarray(0, 16)
}
