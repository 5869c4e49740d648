import { Resolver } from 'node:dns/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import { openMailDomains } from '../../../src/subscription/signup-protection/mail-domains.ts'

test('a machine that gets another name server, as a laptop does in another network, asks that one', async () => {
  let answers = false
  /** As Node's, a resolver keeps the server that the machine had at its first question. */
  const servers = new Map<unknown, boolean>()
  vi.spyOn(Resolver.prototype, 'resolveMx').mockImplementation(async function (this: unknown) {
    if (!servers.has(this)) servers.set(this, answers)
    if (!servers.get(this)) throw Object.assign(new Error('no answer'), { code: 'ETIMEOUT' })
    return [{ exchange: 'mx.example.org', priority: 10 }]
  })
  onTestFinished(() => void vi.restoreAllMocks())
  const domains = openMailDomains()
  expect(await domains.signsOf('one.example.org')).toMatchObject({ takesMail: 'unknown' })
  answers = true
  expect(await domains.signsOf('two.example.org')).toMatchObject({ takesMail: 'yes' })
})
