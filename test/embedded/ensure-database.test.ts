import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { ensureDatabase } from '../../src/embedded/ensure-database.ts'

/** PostgreSQL's messages AuthenticationOk and ReadyForQuery. */
const WELCOME = Buffer.from('R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I')

test('a server that ends while it is asked is an error, and does not end the process', async () => {
  const server = createServer((socket) => {
    socket.once('data', () => {
      socket.write(WELCOME)
      socket.once('data', () => socket.destroy())
    })
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await expect(ensureDatabase(`postgres://paperboy@127.0.0.1:${port}/paperboy`)).rejects.toThrow(
    'Connection terminated unexpectedly',
  )
})
