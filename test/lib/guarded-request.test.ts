import type { lookup } from 'node:dns'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { expect, test } from 'vitest'
import { postGuarded, TargetRefused } from '../../src/lib/guarded-request.ts'
import { startReceiver } from '../operate/webhooks/receiver.ts'

/** Resolves every name to these addresses. */
const resolvesTo = (...addresses: string[]) =>
  ((_name: string, _options: object, done: (error: null, found: { address: string; family: number }[]) => void) =>
    done(
      null,
      addresses.map((address) => ({ address, family: 4 })),
    )) as unknown as typeof lookup

test('a name with any private address is refused, whatever its other addresses', async () => {
  const receiver = await startReceiver()
  const post = (allowPrivate: boolean, ...addresses: string[]) =>
    postGuarded(new URL(`http://hook.example:${receiver.port}/`), {
      ...{ headers: {}, body: 'x', timeoutMs: 5_000, allowPrivate },
      resolve: resolvesTo(...addresses),
    })
  try {
    for (const addresses of [['127.0.0.1'], ['127.0.0.1', '1.1.1.1'], ['1.1.1.1', '127.0.0.1'], []])
      await expect(post(false, ...addresses), addresses.join()).rejects.toBeInstanceOf(TargetRefused)
    expect(receiver.got).toEqual([])
    expect(await post(true, '127.0.0.1')).toBe(200)
  } finally {
    await receiver.close()
  }
})

test('an answer that changes the protocol is an answer', async () => {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () =>
      socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'),
    )
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  try {
    expect(await postGuarded(url, { headers: {}, body: 'x', timeoutMs: 1_000, allowPrivate: true })).toBe(101)
  } finally {
    server.close()
  }
})
