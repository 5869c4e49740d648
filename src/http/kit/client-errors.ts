import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** The response a connection is owed although its request's body may be unreadable. */
const owed = new WeakMap<Socket, ServerResponse>()

/**
 * A POST to an unsubscribe link is answered by its link alone, so a body that breaks HTTP's own rules must not turn its 200 into
 * a 400. Noted before anything else runs: the parser can find the broken chunk in the same packet as the headers.
 */
export function tolerateBrokenBodies(server: Server): void {
  server.prependListener('request', (request, response) => {
    if (request.method === 'POST' && request.url?.startsWith('/unsubscribe/')) owed.set(request.socket, response)
  })
  // Node answers 417 to an `Expect` it does not know; ignoring it is as right (RFC 9110 § 10.1.1).
  server.on('checkExpectation', (request, response) => server.emit('request', request, response))
}

/** What cannot be read as HTTP gets a plain answer. The bytes are not logged, since they may hold a token. */
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
