import dns from 'node:dns'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { describeImapError } from '../../src/inbound/intake-health.ts'
import { isConnectionError, reasonOf } from '../../src/lib/connection-error.ts'
import { safeError } from '../../src/lib/safe-error.ts'
import { rootOf } from '../../src/papers/ingest/sources/polite-get.ts'
import { openSession } from '../../src/relay/smtp-session.ts'
import { parseRelays } from '../../src/runtime/config/relay-settings.ts'
import { describeError } from '../../src/runtime/process.ts'

/** A port that nothing listens on. */
async function closedPort(): Promise<number> {
  const server = createServer()
  await once(server.listen(0), 'listening')
  const { port } = server.address() as AddressInfo
  await once(server.close(), 'close')
  return port
}

const ADDRESSES = ['127.0.0.1', '127.0.0.2'].map((address) => ({ address, family: 4 }))

test('a name whose addresses all refuse: each place names an address and the reason', async () => {
  const port = await closedPort()
  const socket = connect({ host: 'two.example.org', port, lookup: (_name, _options, done) => done(null, ADDRESSES) })
  const [error] = (await once(socket, 'connect').catch((failure) => [failure])) as [Error]
  expect(error).toBeInstanceOf(AggregateError)
  const both = `connect ECONNREFUSED 127.0.0.1:${port}, connect ECONNREFUSED 127.0.0.2:${port}`

  expect(isConnectionError(error)).toBe(true)
  expect(reasonOf(error)).toBe(both)
  expect(safeError(error).message).toBe(both)
  expect(rootOf(new TypeError('fetch failed', { cause: error }))).toBe(both)
  expect(describeImapError(error)).toBe(both)
  expect(describeError(error)).toBe(`Nothing answers at 127.0.0.1:${port}. Is the database (DATABASE_URL) running?`)
})

test('an IPv6 address stands in brackets before its port', () => {
  const error = Object.assign(new Error('refused'), { code: 'ECONNREFUSED', address: '::1', port: 5432 })
  expect(describeError(error)).toMatch(/^Nothing answers at \[::1\]:5432\./)
})

test('a relay whose addresses all refuse: the failure names them', async () => {
  const port = await closedPort()
  const lookup = (_name: string, _options: object, done: (error: null, found: object[]) => void) =>
    done(null, ADDRESSES)
  vi.spyOn(dns, 'lookup').mockImplementation(lookup as never)
  onTestFinished(() => void vi.restoreAllMocks())
  const [settings] = parseRelays(`smtp://relay.invalid:${port}`, 1)
  await expect(openSession(settings!)).rejects.toThrow(`connect ECONNREFUSED 127.0.0.2:${port}`)
})
