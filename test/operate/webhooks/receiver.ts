import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'

interface Got {
  headers: IncomingHttpHeaders
  body: string
}

/** A receiver of webhooks on this machine. `answer` says what it answers next, and `before` runs before it answers. */
export async function startReceiver() {
  const got: Got[] = []
  const answer: { status: number; headers?: Record<string, string>; body?: string; before?: () => Promise<unknown> } = {
    status: 200,
  }
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', async () => {
      got.push({ headers: request.headers, body: Buffer.concat(chunks).toString() })
      const { status, headers, body, before } = answer
      await before?.()
      response.writeHead(status, headers).end(body ?? 'thank you')
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  const close = () =>
    new Promise<void>((done) => {
      server.closeAllConnections()
      server.close(() => done())
    })
  return { url: `http://127.0.0.1:${port}/hook`, port, got, answer, close }
}
