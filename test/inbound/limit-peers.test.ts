import { once } from 'node:events'
import type { Socket } from 'node:net'
import { PassThrough } from 'node:stream'
import { expect, onTestFinished, test } from 'vitest'
import { limitPeers, type PeerLimits } from '../../src/inbound/limit-peers.ts'

const ROOMY: PeerLimits = { clients: 10, perPeer: 10, longestMs: 60_000, idleMs: 60_000 }

/** Limits, and a function that opens a connection from an address. */
function open(limits: Partial<PeerLimits>) {
  const peers = limitPeers({ ...ROOMY, ...limits })
  let port = 40_000
  const connect = (remoteAddress: string): Socket => {
    const socket = Object.assign(new PassThrough().resume(), { remoteAddress, remotePort: port++ }) as unknown as Socket
    onTestFinished(() => void socket.destroy())
    peers.watch(socket)
    return socket
  }
  return { peers, connect }
}

const closed = (socket: Socket) => once(socket, 'close')

test('a new connection replaces the longest idle one, never one with a message in progress', async () => {
  const { peers, connect } = open({ clients: 3 })
  const [busy, idle, recent] = [connect('192.0.2.1'), connect('192.0.2.2'), connect('192.0.2.3')]
  peers.begin(busy)
  connect('192.0.2.4')
  await closed(idle)
  expect([busy.destroyed, recent.destroyed]).toEqual([false, false])
})

test('a message in progress is not idle; after it the connection is', async () => {
  const { peers, connect } = open({ idleMs: 50 })
  const [busy, idle] = [connect('192.0.2.1'), connect('192.0.2.2')]
  peers.begin(busy)
  await closed(idle)
  expect(busy.destroyed).toBe(false)
  peers.done(busy)
  await closed(busy)
})

test('an IPv6 /64 is one network', () => {
  const { peers, connect } = open({ perPeer: 1 })
  const crowded = (address: string) => peers.isCrowded(connect(address))
  expect(['2001:db8::1', '2001:db8::ffff:2', '2001:db8:0:1::1'].map(crowded)).toEqual([false, true, false])
})

test('refused connections of one network take no place of others', async () => {
  const { connect } = open({ clients: 3, perPeer: 1 })
  const first = connect('192.0.2.1')
  for (let n = 0; n < 5; n++) connect('192.0.2.1')
  const other = connect('192.0.2.2')
  await new Promise(setImmediate)
  expect([first.destroyed, other.destroyed]).toEqual([false, false])
})
