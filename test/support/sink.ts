import type { AddressInfo } from 'node:net'
import { simpleParser } from 'mailparser'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'

/** One message that the sink accepted. */
export interface Taken {
  to: string
  from: string
  raw: string
  messageId: string
}

export interface Sink {
  url: string
  taken: Taken[]
  /** the newest message to an address, parsed */
  read(address: string): Promise<Awaited<ReturnType<typeof simpleParser>>>
  close(): Promise<void>
}

/**
 * Opens a real SMTP server that keeps the messages it accepts. `behave` may refuse: it runs before each recipient, and again
 * after the whole message. Its error's `responseCode` becomes the reply.
 */
export async function openSink(
  behave: {
    recipient?: (address: string) => Error | undefined
    data?: (taken: Taken) => Error | undefined | Promise<void>
  } = {},
  options: SMTPServerOptions = {},
): Promise<Sink> {
  const taken: Taken[] = []
  const server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    logger: false,
    ...options,
    onRcptTo: ({ address }, _session, done) => done(behave.recipient?.(address)),
    onData(stream, session, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', async () => {
        const raw = Buffer.concat(chunks).toString('latin1')
        const message: Taken = {
          to: session.envelope.rcptTo[0]!.address,
          from: session.envelope.mailFrom ? session.envelope.mailFrom.address : '',
          raw,
          messageId: /^Message-ID: (.*)$/im.exec(raw)?.[1]?.trim() ?? '',
        }
        const refusal = await behave.data?.(message)
        if (!refusal) taken.push(message)
        done(refusal ?? null)
      })
    },
  })
  server.on('error', () => {}) // killed clients reset their connections
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.server.address() as AddressInfo
  return {
    url: `smtp://127.0.0.1:${port}`,
    taken,
    async read(address) {
      const message = taken.findLast((one) => one.to === address)
      if (!message) throw new Error(`nothing was sent to ${address}`)
      return simpleParser(Buffer.from(message.raw, 'latin1'))
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

/** Returns an error that makes the sink reply with this code and text. */
export const smtpReply = (responseCode: number, message: string): Error =>
  Object.assign(new Error(message), { responseCode })
