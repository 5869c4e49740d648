import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import net from 'node:net'

/** A message that the relay accepted: on disk before the reply. */
export interface Accept {
  to: string
  /** the address of the worker that sent it */
  from: string
  messageId: string
  at: number
  /** whether a reply was sent; a scripted cut instead means that it never arrived */
  replied: boolean
}

/** The relay's behaviour at a step; undefined: normal. `take and cut` stores the message and hangs up instead of replying. */
export type Answer = string | 'silence' | 'cut' | 'cut in data' | 'take and cut' | undefined

export interface Step {
  /** CONNECT, EHLO, AUTH, MAIL, RCPT, DATA, END (the whole message is there) */
  command: string
  to: string
  /** attempt number for this recipient, starting at 1 */
  attempt: number
}

export interface RecordingRelay {
  port: number
  accepts: Accept[]
  /** may be changed at any time */
  behave: (step: Step) => Answer
  /** stops listening and hangs up; `up` listens on the same port again */
  down(): Promise<void>
  up(): Promise<void>
  close(): Promise<void>
}

const USUAL: Record<string, string> = {
  CONNECT: '220 recording',
  EHLO: '250-recording\r\n250-PIPELINING\r\n250 AUTH PLAIN LOGIN',
  AUTH: '235 welcome',
  DATA: '354 go on',
  QUIT: '221 bye',
}
interface Place {
  host?: string
  /** delay of the reply to a message, as over a network, so that messages are in flight */
  answerAfterMs?: number
}

/**
 * An SMTP server that can misbehave at every step. It writes each message's recipient and Message-ID to disk before it replies. The
 * ledger is compared with this record.
 */
export async function openRecordingRelay(
  file: string,
  { host = '127.0.0.1', answerAfterMs = 3 }: Place = {},
): Promise<RecordingRelay> {
  const record = recorder(await open(file, 'a'))
  const attempts = new Map<string, number>()
  const sockets = new Set<net.Socket>()
  let closed = false

  const serve = (socket: net.Socket) => {
    const from = socket.remoteAddress ?? ''
    let text = ''
    let inData = false
    let to = ''
    let hasRecipient = false
    let busy = Promise.resolve()
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))

    const answer = async (command: string, message = ''): Promise<void> => {
      if (socket.destroyed) return
      const said = relay.behave({ command, to, attempt: attempts.get(to) ?? 0 })
      if (said === 'silence') return
      if (said === 'cut') return void socket.destroy()
      const taken = command === 'END' && (said === undefined || said === 'take and cut')
      if (taken) {
        await new Promise((done) => setTimeout(done, answerAfterMs))
        if (closed) return
        const messageId = /^Message-ID: (.*)$/im.exec(message)?.[1] ?? createHash('sha1').update(message).digest('hex')
        const accept = { to, from, messageId, at: Date.now(), replied: false }
        await record.write(`${JSON.stringify(accept)}\n`)
        relay.accepts.push(accept)
        accept.replied = said === undefined && !socket.destroyed
      }
      if (said === 'take and cut') return void socket.destroy()
      const usual = command === 'DATA' && !hasRecipient ? '554 5.5.1 no recipient' : (USUAL[command] ?? '250 2.0.0 ok')
      const reply = said === undefined || said === 'cut in data' ? usual : said
      if (command === 'MAIL') hasRecipient = false
      if (command === 'RCPT') hasRecipient = reply.startsWith('250')
      socket.write(`${reply}\r\n`)
      if (command === 'DATA' && reply.startsWith('354')) inData = true
      if (said === 'cut in data') socket.once('data', () => socket.destroy())
      if (reply.startsWith('421') || command === 'QUIT') socket.end()
    }

    const read = async () => {
      for (;;) {
        const end = text.indexOf(inData ? '\r\n.\r\n' : '\r\n')
        if (end < 0) return
        const piece = text.slice(0, end)
        text = text.slice(end + (inData ? 5 : 2))
        const command = inData ? 'END' : piece.slice(0, 4).toUpperCase()
        if (command === 'RCPT') {
          to = /<(.*)>/.exec(piece)?.[1] ?? ''
          attempts.set(to, (attempts.get(to) ?? 0) + 1)
        }
        inData = false
        await answer(command, command === 'END' ? piece : '')
      }
    }
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      busy = busy.then(read)
    })
    busy = busy.then(() => answer('CONNECT'))
  }

  const server = net.createServer(serve)
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, host, resolve))
  const down = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      for (const socket of sockets) socket.destroy()
    })
  await listen(0)
  const relay: RecordingRelay = {
    port: (server.address() as net.AddressInfo).port,
    accepts: [],
    behave: () => undefined,
    down,
    up: () => listen(relay.port),
    async close() {
      closed = true
      if (server.listening) await down()
      await record.close()
    },
  }
  return relay
}

/** Appends lines and syncs them to disk, in groups. */
function recorder(handle: FileHandle) {
  let waiting: string[] = []
  let running: Promise<void> | undefined
  const flush = async () => {
    const lines = waiting
    waiting = []
    await handle.write(lines.join(''))
    await handle.datasync()
  }
  return {
    async write(line: string): Promise<void> {
      waiting.push(line)
      // A running write began without this line: the next one includes it.
      const before = running
      const mine = (async () => {
        await before
        if (waiting.includes(line)) await flush()
      })()
      running = mine
      await mine
    },
    close: async () => {
      await running
      await handle.close()
    },
  }
}
