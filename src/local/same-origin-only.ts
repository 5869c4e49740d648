import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

const LOOPBACK = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/

/**
 * Lets a local server answer its own pages and programs of this machine alone. Any website that the browser has open could reach it
 * otherwise: by a request of its own (another Origin), or by a name that it points at this machine (another Host, DNS rebinding).
 * The same goes for WebSockets, which browsers open across origins without asking.
 *
 * @param server with its listeners in place
 */
export function answerSameOriginOnly(server: Server): void {
  guard(server, 'request', (_request, response: ServerResponse) => response.writeHead(403).end('Not from here.\n'))
  guard(server, 'upgrade', (_request, socket: Duplex) =>
    socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n'),
  )
}

function guard<Reply>(
  server: Server,
  event: string,
  refuse: (request: IncomingMessage, reply: Reply) => unknown,
): void {
  const listeners = server.listeners(event)
  server.removeAllListeners(event)
  server.on(event, (request: IncomingMessage, reply: Reply, ...rest: unknown[]) => {
    if (!isSameOrigin(request)) return refuse(request, reply)
    // Same origin needs no CORS headers, and none that name an origin are made without this.
    delete request.headers.origin
    for (const listener of listeners) listener.call(server, request, reply, ...rest)
  })
}

function isSameOrigin({ headers: { host, origin } }: IncomingMessage): boolean {
  return host !== undefined && LOOPBACK.test(host) && (origin === undefined || origin === `http://${host}`)
}
