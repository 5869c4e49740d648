import type { Socket } from 'node:net'
import { networksOf } from '../lib/network.ts'

export interface PeerLimits {
  /** concurrent connections; above it, the longest idle one is closed */
  clients: number
  /** concurrent connections of one network: an IPv4 address, an IPv6 /64 */
  perPeer: number
  /** a connection is closed after this many milliseconds, even when busy */
  longestMs: number
  /** a connection is closed after this many milliseconds without a message */
  idleMs: number
}

interface Watched {
  socket: Socket
  network: string
  /** start of the idle time, ms of performance.now() */
  idleSince: number
  busy: boolean
  /** over its network's limit, or being closed */
  refused: boolean
  idle: NodeJS.Timeout
}

/** Identifies a connection: an SMTP session knows its peer's address and port. */
interface Peer {
  remoteAddress?: string | undefined
  remotePort?: number | undefined
}

const keyOf = ({ remoteAddress, remotePort }: Peer): string => `${networksOf(remoteAddress ?? '')[0]} ${remotePort}`

/**
 * Returns limits that keep an SMTP port available. Commands such as NOOP keep a socket from timing out, so only a
 * message in progress counts.
 * It works on sockets, as smtp-server has no such limit.
 */
export function limitPeers(limits: PeerLimits) {
  const open = new Map<string, Watched>()
  const admitted = () => [...open.values()].filter(({ refused }) => !refused)

  const end = (watched: Watched | undefined, reason: string) => {
    if (!watched || watched.socket.destroyed) return
    watched.refused = true
    watched.socket.end(`421 4.4.2 ${reason}\r\n`, () => watched.socket.destroy())
  }
  const startIdleTimer = (watched: Watched) => {
    clearTimeout(watched.idle)
    watched.idleSince = performance.now()
    watched.idle = setTimeout(() => end(watched, 'no message received'), limits.idleMs).unref()
  }
  const mark = (peer: Peer, busy: boolean) => {
    const watched = open.get(keyOf(peer))
    if (!watched) return
    watched.busy = busy
    if (busy) clearTimeout(watched.idle)
    else startIdleTimer(watched)
  }

  return {
    watch(socket: Socket): void {
      const key = keyOf(socket)
      const network = networksOf(socket.remoteAddress ?? '')[0]
      const watched: Watched = {
        socket,
        network,
        refused: admitted().filter((each) => each.network === network).length >= limits.perPeer,
        idleSince: 0,
        busy: false,
        idle: setTimeout(() => {}, 0),
      }
      startIdleTimer(watched)
      const longest = setTimeout(() => end(watched, 'connection time limit exceeded'), limits.longestMs).unref()
      open.set(key, watched)
      socket.once('close', () => {
        clearTimeout(longest)
        clearTimeout(watched.idle)
        open.delete(key)
      })
      if (admitted().length <= limits.clients) return
      const [idlest] = admitted()
        .filter(({ busy }) => !busy)
        .sort((a, b) => a.idleSince - b.idleSince)
      end(idlest, 'too many connections')
    },
    /** Returns whether a connection exceeds its network's limit. */
    isCrowded: (peer: Peer): boolean => open.get(keyOf(peer))?.refused ?? false,
    begin: (peer: Peer): void => mark(peer, true),
    done: (peer: Peer): void => mark(peer, false),
  }
}
