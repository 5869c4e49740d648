import type { Socket } from 'node:net'
import { networksOf } from '../lib/network.ts'

export interface PeerLimits {
  /** connections at once; beyond them the one that has been idle longest is ended */
  clients: number
  /** connections of one network at once: an IPv4 address, an IPv6 /64 */
  perPeer: number
  /** a connection ends after this many milliseconds, whatever it says */
  longestMs: number
  /** a connection ends after this many milliseconds in which no message was under way */
  idleMs: number
}

interface Watched {
  socket: Socket
  network: string
  /** since when no message has been under way, ms of performance.now() */
  idleSince: number
  busy: boolean
  /** came when its network had its share, or is being ended */
  refused: boolean
  idle: NodeJS.Timeout
}

/** Which connection it is: an SMTP session knows its peer's address and port. */
interface Peer {
  remoteAddress?: string | undefined
  remotePort?: number | undefined
}

const keyOf = ({ remoteAddress, remotePort }: Peer): string => `${networksOf(remoteAddress ?? '')[0]} ${remotePort}`

/**
 * Keeps an SMTP port open for others: commands such as NOOP keep a connection alive for an idle timeout of the socket, so what counts
 * here is a message under way. Works on sockets, as the SMTP server beside it offers no such limit.
 */
export function limitPeers(limits: PeerLimits) {
  const open = new Map<string, Watched>()
  const admitted = () => [...open.values()].filter(({ refused }) => !refused)

  const end = (watched: Watched | undefined, words: string) => {
    if (!watched || watched.socket.destroyed) return
    watched.refused = true
    watched.socket.end(`421 4.4.2 ${words}\r\n`, () => watched.socket.destroy())
  }
  const idleLater = (watched: Watched) => {
    clearTimeout(watched.idle)
    watched.idleSince = performance.now()
    watched.idle = setTimeout(() => end(watched, 'no message came'), limits.idleMs).unref()
  }
  const mark = (peer: Peer, busy: boolean) => {
    const watched = open.get(keyOf(peer))
    if (!watched) return
    watched.busy = busy
    if (busy) clearTimeout(watched.idle)
    else idleLater(watched)
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
      idleLater(watched)
      const longest = setTimeout(() => end(watched, 'this connection has lasted too long'), limits.longestMs).unref()
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
      end(idlest, 'others are waiting')
    },
    /** Whether a new connection is one more than its network's share. */
    isCrowded: (peer: Peer): boolean => open.get(keyOf(peer))?.refused ?? false,
    begin: (peer: Peer): void => mark(peer, true),
    done: (peer: Peer): void => mark(peer, false),
  }
}
