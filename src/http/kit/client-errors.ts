import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** Responses to unsubscribe requests, by connection. They are sent even if the body is unreadable. */
const owed = new WeakMap<Socket, ServerResponse>()

/**
 * Lets a POST to an unsubscribe link succeed even if its body is invalid HTTP: only the link matters. It must run first,
 * because the parser can find the broken chunk in the same packet as the headers.
 */
export function tolerateBrokenBodies(server: Server): void {
  server.prependListener('request', (request, response) => {
    if (request.method === 'POST' && request.url?.startsWith('/unsubscribe/')) owed.set(request.socket, response)
  })
  // Node answers 417 to an unknown `Expect`. Ignoring it is also correct (RFC 9110 § 10.1.1).
  server.on('checkExpectation', (request, response) => server.emit('request', request, response))
}

/** Answers unreadable HTTP with a bare status. The bytes are not logged: they may contain a token. */
export function clientErrorHandler(error: NodeJS.ErrnoException, socket: Socket): void {
  const response = owed.get(socket)
  if (response && !response.writableEnded) {
    if (!response.headersSent) response.setHeader('connection', 'close')
    return
  }
  if (response || error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroySoon()
    return
  }
  const status = STATUS[error.code ?? ''] ?? '400 Bad Request'
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

const STATUS: Record<string, string> = {
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
}
