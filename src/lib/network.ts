import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net'
import ipaddr from 'ipaddr.js'

/** Prefix lengths that providers assign: to a household, a small customer, a site. */
const IPV6_PREFIXES = [64, 56, 48] as const

/**
 * Returns an address in its canonical spelling. IPv4 inside IPv6 (mapped, or translated by NAT64) becomes the IPv4 address:
 * "::ffff:cb00:7107" is "203.0.113.7". Other text is returned in lower case.
 *
 * @param address as the connection or a proxy reports it, with or without an interface or a port: "fe80::1%eth0", "[2001:db8::1]:443"
 */
export const canonicalAddress = (address: string): string =>
  // Each request needs it, and ipaddr.js takes ten times as long.
  isIPv4(address) ? address : (parsed(address)?.toString() ?? address.toLowerCase())

/**
 * Returns an address's networks, narrowest first: for IPv4 the address alone, for IPv6 its /64, /56 and /48.
 * One customer gets 65,536 /64s for free, so a rate limit must also count the wider networks.
 */
export function networksOf(address: string): [narrowest: string, ...wider: string[]] {
  const ip = isIPv4(address) ? undefined : parsed(address)
  if (!(ip instanceof ipaddr.IPv6)) return [canonicalAddress(address)]
  const network = (bits: number) => `${ipaddr.IPv6.networkAddressFromCIDR(`${ip.toString()}/${bits}`)}/${bits}`
  const [household, ...wider] = IPV6_PREFIXES.map(network)
  return [household!, ...wider]
}

/** Returns whether text is an address or a network in CIDR notation. Short forms are neither: "1" is not 0.0.0.1. */
export const isNetwork = (text: string): boolean =>
  ipaddr.IPv4.isValidFourPartDecimal(text) ||
  ipaddr.IPv4.isValidCIDRFourPartDecimal(text) ||
  ipaddr.IPv6.isValid(text) ||
  ipaddr.IPv6.isValidCIDR(text)

/** Names that stand for networks. */
export const NAMED_NETWORKS: Readonly<Record<string, readonly string[]>> = {
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  loopback: ['127.0.0.0/8', '::1'],
  uniquelocal: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
}

const familyOf = (address: string) => (isIPv6(address) ? 'ipv6' : 'ipv4')

/**
 * Returns a function that says whether an address, in any spelling of `canonicalAddress`, is in one of some networks.
 * @param networks addresses, networks in CIDR notation, and names of NAMED_NETWORKS
 */
export function networkMatcher(networks: readonly string[]): (address: string | undefined) => boolean {
  const list = new BlockList()
  for (const network of networks.flatMap((name) => NAMED_NETWORKS[name] ?? name)) {
    const [address = '', bits] = network.split('/')
    if (bits === undefined) list.addAddress(address, familyOf(address))
    else list.addSubnet(address, Number(bits), familyOf(address))
  }
  return (address) => {
    // A connection that was reset has no address.
    const canonical = canonicalAddress(address ?? '')
    return isIP(canonical) !== 0 && list.check(canonical, familyOf(canonical))
  }
}

/** Some proxies put the client's port into X-Forwarded-For. With it, each connection would be a network of its own. */
const WITH_PORT = /^(?:\[([^\]]*)\]|([\d.]+))(?::\d+)?$/

function parsed(address: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  const [, v6, v4] = WITH_PORT.exec(address) ?? []
  const bare = (v6 ?? v4 ?? address).replace(/%.*$/, '')
  if (!ipaddr.IPv4.isValidFourPartDecimal(bare) && !ipaddr.IPv6.isValid(bare)) return undefined
  const ip = ipaddr.process(bare)
  return ip instanceof ipaddr.IPv6 && ip.match(NAT64) ? new ipaddr.IPv4(ip.toByteArray().slice(-4)) : ip
}

/** The well-known prefix. A network's own prefix may have the IPv4 address elsewhere. */
const NAT64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96')
/** All that is assigned for the internet. */
const GLOBAL = ipaddr.IPv6.parseCIDR('2000::/3')

/**
 * Returns whether an address belongs to a host on the internet. Private, local, shared and reserved ranges are not, nor the addresses of
 * transition mechanisms that lead to them.
 */
export function isPublicAddress(address: string): boolean {
  const ip = parsed(address)
  return ip?.range() === 'unicast' && (ip instanceof ipaddr.IPv4 || ip.match(GLOBAL))
}
