import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import { isConnectionError } from '../../../src/lib/connection-error.ts'
import { openPool } from '../../../src/runtime/db/database.ts'

afterEach(() => void vi.useRealTimers())

test('a server that takes the connection and says nothing is given up after ten seconds', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const pool = openPool(`postgres://paperboy@127.0.0.1:${port}/paperboy`, () => {})
  const connected = once(server, 'connection')
  const failure = pool.query('SELECT 1').catch((error) => error)
  await connected
  await vi.advanceTimersByTimeAsync(9_999)
  expect(pool.totalCount).toBe(1)
  await vi.advanceTimersByTimeAsync(1)
  expect(isConnectionError(await failure)).toBe(true)
  server.close()
})
