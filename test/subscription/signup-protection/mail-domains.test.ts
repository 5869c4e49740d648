import { describe, expect, test, vi } from 'vitest'
import { openMailDomains } from '../../../src/subscription/signup-protection/mail-domains.ts'

type Dns = NonNullable<Parameters<typeof openMailDomains>[0]>

const failing = (code: string) => () => Promise.reject(Object.assign(new Error(`query ${code}`), { code }))
const nothing = failing('ENODATA')
const silence = () => new Promise<never>(() => {})
const mx = (...hosts: string[]) => {
  return () => Promise.resolve(hosts.map((exchange, n) => ({ exchange, priority: 10 * n })))
}
/** A DNS resolver that gives this answer for every name. */
const dnsThat = (says: { [K in keyof Dns]?: () => Promise<unknown> }): Dns =>
  ({ resolveMx: nothing, resolve4: nothing, resolve6: nothing, ...says }) as unknown as Dns

describe('whether a domain accepts email', () => {
  const CASES: [says: string, dns: Dns, takesMail: 'yes' | 'no' | 'unknown'][] = [
    ['an MX', dnsThat({ resolveMx: mx('mx.example.org') }), 'yes'],
    ['two MX, one of them empty', dnsThat({ resolveMx: mx('', 'mx.example.org') }), 'yes'],
    ['a null MX (RFC 7505)', dnsThat({ resolveMx: mx('') }), 'no'],
    ['a null MX spelt as a dot', dnsThat({ resolveMx: mx('.') }), 'no'],
    ['a null MX beside an address', dnsThat({ resolveMx: mx(''), resolve4: async () => ['192.0.2.1'] }), 'no'],
    ['no MX and an IPv4 address (RFC 5321 § 5.1)', dnsThat({ resolve4: async () => ['192.0.2.1'] }), 'yes'],
    ['no MX and an IPv6 address', dnsThat({ resolve6: async () => ['2001:db8::1'] }), 'yes'],
    ['an empty list of MX and an address', dnsThat({ resolveMx: mx(), resolve4: async () => ['192.0.2.1'] }), 'yes'],
    ['neither MX nor address', dnsThat({}), 'no'],
    ['that there is no such name', dnsThat({ resolveMx: failing('ENOTFOUND'), resolve4: silence }), 'no'],
    ['nothing in time', dnsThat({ resolveMx: failing('ETIMEOUT') }), 'unknown'],
    ['that it failed itself', dnsThat({ resolveMx: failing('ESERVFAIL') }), 'unknown'],
    ['nothing, without a network', dnsThat({ resolveMx: failing('ECONNREFUSED') }), 'unknown'],
    ['no MX, and nothing in time about addresses', dnsThat({ resolve4: failing('ETIMEOUT') }), 'unknown'],
    [
      'no MX, an address, and nothing in time about IPv6',
      dnsThat({ resolve4: async () => ['192.0.2.1'], resolve6: failing('ETIMEOUT') }),
      'yes',
    ],
    ['nothing at all, for ever', dnsThat({ resolveMx: silence }), 'unknown'],
  ]
  test.concurrent.for(CASES)('for the DNS answer %s', async ([, dns, takesMail]) => {
    expect(await openMailDomains(dns).signsOf('example.org')).toEqual({ disposable: false, takesMail })
  })
})

test('a sign-up does not wait for slow DNS, and the next one gets its answer', async () => {
  let answer = (_: unknown) => {}
  const domains = openMailDomains(dnsThat({ resolveMx: () => new Promise((resolve) => (answer = resolve)) }))
  expect((await domains.signsOf('slow.example')).takesMail).toBe('unknown')
  answer([{ exchange: '', priority: 0 }])
  expect((await domains.signsOf('slow.example')).takesMail).toBe('no')
})

test('looks a domain up once until the answer expires; an unclear answer expires sooner', async () => {
  let now = 0
  let asked = 0
  let says = mx('mx.example.org') as () => Promise<unknown>
  const dns = dnsThat({
    resolveMx() {
      asked++
      return says()
    },
  })
  const domains = openMailDomains(dns, () => now)
  await Promise.all(Array.from({ length: 30 }, () => domains.signsOf('example.org')))
  now = 86_399_000
  await domains.signsOf('example.org')
  expect(asked).toBe(1)
  now = 86_401_000
  says = failing('ECONNREFUSED')
  const takesMail = async () => (await domains.signsOf('example.org')).takesMail
  expect(await takesMail(), 'no sign-up waits for the new answer').toBe('yes')
  expect(asked).toBe(2)
  await vi.waitFor(async () => expect(await takesMail()).toBe('unknown'))
  now += 61_000
  says = mx('mx.example.org')
  await vi.waitFor(async () => expect(await takesMail(), 'the network is back').toBe('yes'))
  expect(asked).toBe(3)
})

test('looks up at most fifty domains at a time', async () => {
  let open = 0
  const domains = openMailDomains(
    dnsThat({
      resolveMx() {
        open++
        return silence()
      },
    }),
  )
  const signs = await Promise.all(Array.from({ length: 80 }, (_, n) => domains.signsOf(`d${n}.example`)))
  expect(open).toBe(50)
  expect(new Set(signs.map(({ takesMail }) => takesMail))).toEqual(new Set(['unknown']))
})

test.for([
  ['mailinator.com', true],
  ['ada.mailinator.com', true],
  ['example-mailinator.org', false],
  ['mailinator.com.example', false],
  ['gmail.com', false],
  ['com', false],
] as const)('%s is one to throw addresses away: %s', async ([domain, disposable]) => {
  const domains = openMailDomains(dnsThat({ resolveMx: mx('mx.example.org') }))
  expect((await domains.signsOf(domain)).disposable).toBe(disposable)
})
