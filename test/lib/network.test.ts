import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalAddress, isNetwork, isPublicAddress, networkMatcher, networksOf } from '../../src/lib/network.ts'

describe('the networks of an address', () => {
  test.for([
    ['203.0.113.7', ['203.0.113.7']],
    ['::ffff:203.0.113.7', ['203.0.113.7']],
    ['::ffff:cb00:7107', ['203.0.113.7']],
    ['::FFFF:CB00:7107', ['203.0.113.7']],
    ['0:0:0:0:0:ffff:cb00:7107', ['203.0.113.7']],
    ['64:ff9b::203.0.113.7', ['203.0.113.7']],
    ['2001:db8:1:0102::9', ['2001:db8:1:102::/64', '2001:db8:1:100::/56', '2001:db8:1::/48']],
    ['2001:0DB8:0001:01ff:ffff:1:2:3', ['2001:db8:1:1ff::/64', '2001:db8:1:100::/56', '2001:db8:1::/48']],
    ['fe80::1%eth0', ['fe80::/64', 'fe80::/56', 'fe80::/48']],
    ['::1', ['::/64', '::/56', '::/48']],
    ['203.0.113.7:50123', ['203.0.113.7']],
    ['[2001:db8:1:102::9]:443', ['2001:db8:1:102::/64', '2001:db8:1:100::/56', '2001:db8:1::/48']],
    ['[::ffff:203.0.113.7]', ['203.0.113.7']],
    ['[fe80::1%eth0]:443', ['fe80::/64', 'fe80::/56', 'fe80::/48']],
    ['Unknown', ['unknown']],
    ['', ['']],
    ['1', ['1']],
  ] as const)('%s: %j', ([address, networks]) => expect(networksOf(address)).toEqual(networks))

  test('an IPv4 address is the same in every IPv6 spelling', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        const [a, b, c, d] = address.split('.').map(Number)
        const hex = `::ffff:${((a! << 8) | b!).toString(16)}:${((c! << 8) | d!).toString(16)}`
        expect([canonicalAddress(hex), networksOf(hex)]).toEqual([address, [address]])
        expect(canonicalAddress(`::ffff:${address}`)).toBe(address)
      }),
    )
  })

  test('every IPv6 address has a stable canonical spelling and three networks', () => {
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        const canonical = canonicalAddress(address)
        expect(canonicalAddress(canonical)).toBe(canonical)
        expect(networksOf(canonical)).toEqual(networksOf(address))
        expect(networksOf(address)).toHaveLength(canonical.includes(':') ? 3 : 1)
      }),
    )
  })
})

test('an address is found in networks, in each of its spellings', () => {
  const matches = networkMatcher(['loopback', '192.0.2.7', '10.0.0.0/8', '::ffff:198.51.100.0/120', 'fd00::/8'])
  const inside = ['127.0.0.9', '::1', '192.0.2.7:80', '10.9.9.9', '::ffff:10.0.0.1', '198.51.100.9', '[fd00::1]:443']
  for (const address of inside) expect(matches(address), address).toBe(true)
  for (const address of ['192.0.2.8', '11.0.0.1', '198.51.101.1', 'fe80::1', 'unknown', ''])
    expect(matches(address), address).toBe(false)
})

test.for([
  ['10.0.0.0/8', true],
  ['127.0.0.1', true],
  ['fd00::/8', true],
  ['::1', true],
  ['1', false],
  ['10.0.0.0/33', false],
  ['10.1', false],
  ['proxy.example.org', false],
  ['', false],
] as const)('%s is a network: %s', ([text, answer]) => expect(isNetwork(text)).toBe(answer))

test.for([
  ['203.0.114.7', true],
  ['2a00:1450:4001::1', true],
  ['64:ff9b::808:808', true],
  ['::ffff:8.8.8.8', true],
  ['fe80::1%eth0', false],
  ['fd00::1', false],
  // Inside IPv6: mapped, compatible, translated, by NAT64 (also under a local prefix, in each place), 6to4, Teredo.
  ['::ffff:127.0.0.1', false],
  ['::127.0.0.1', false],
  ['::7f00:1', false],
  ['::a00:1', false],
  ['::ffff:0:7f00:1', false],
  ['64:ff9b::7f00:1', false],
  ['64:ff9b::a9fe:a9fe', false],
  ['64:ff9b:1::a00:1', false],
  ['64:ff9b:1:7f00:0:100:808:808', false],
  ['2002:7f00:1::', false],
  ['2001:0:4136:e378:8000:63bf:3fff:fdd2', false],
  // Not routed: outside 2000::/3, and parts of it.
  ['100:0:0:1::1', false],
  ['4000::1', false],
  ['2001:db8::1', false],
  ['3fff::1', false],
  ['::', false],
  ['example.org', false],
] as const)('%s is public: %s', ([address, answer]) => expect(isPublicAddress(address)).toBe(answer))
