import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

const LOOPBACK = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/

/**
 * Limits a local server to its own pages and to programs on this machine. Otherwise any website in the browser could reach it: with a
 * cross-origin request, or through a host name that it points at this machine (DNS rebinding). It also guards WebSockets, which
 * browsers open across origins.
 *
 * @param server must already have its listeners
 */
export function allowOnlySameOrigin(server: Server): void {
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
    // Without an Origin header, the server adds no CORS headers, which same-origin requests do not need.
    delete request.headers.origin
    for (const listener of listeners) listener.call(server, request, reply, ...rest)
  })
}

function isSameOrigin({ headers: { host, origin } }: IncomingMessage): boolean {
  return host !== undefined && LOOPBACK.test(host) && (origin === undefined || origin === `http://${host}`)
}
