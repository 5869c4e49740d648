import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { choosePort } from '../../src/embedded/port.ts'

test('a chosen port is outside the range that the system assigns to connections', async () => {
  const chosen = await Promise.all(Array.from({ length: 50 }, () => choosePort(undefined)))
  for (const port of chosen) expect(port).toBeLessThan(32_768)
})

test('the preferred port is chosen if it is free, otherwise another', async () => {
  const preferred = await choosePort(undefined)
  expect(await choosePort(preferred)).toBe(preferred)
  const server = createServer().listen(preferred, '127.0.0.1')
  await once(server, 'listening')
  expect(await choosePort(preferred)).not.toBe(preferred)
  server.close()
})
