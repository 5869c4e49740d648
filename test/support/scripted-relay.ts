import net from 'node:net'

/**
 * Returns the reply to one command: a reply line, 'silence' for none, 'cut' to drop the connection, undefined for the usual reply.
 * A promise holds the reply back.
 */
export type Script = (step: {
  /** CONNECT, EHLO, MAIL, RCPT, DATA, END (the whole message is there), RSET, QUIT */
  command: string
  /** connection number, starting at 1 */
  connection: number
  /** connections open now */
  open: number
}) => Reply | Promise<Reply>
type Reply = string | 'silence' | 'cut' | undefined

export interface ScriptedRelay {
  url: string
  /** complete messages, whatever the reply to them */
  messages: string[]
  /** Sends a line that no command asked for to every open connection. */
  say(line: string): void
  /** Counts the open connections. */
  open(): number
  close(): void
}

const USUAL: Record<string, string> = {
  CONNECT: '220 scripted',
  EHLO: '250 hello',
  MAIL: '250 ok',
  RCPT: '250 ok',
  DATA: '354 go on',
  END: '250 2.0.0 taken',
  RSET: '250 ok',
  QUIT: '221 bye',
}

/** Opens an SMTP server that misbehaves as scripted, one command at a time. */
export function openScriptedRelay(script: Script): Promise<ScriptedRelay> {
  const messages: string[] = []
  const sockets = new Set<net.Socket>()
  let connections = 0
  const server = net.createServer((socket) => {
    const connection = ++connections
    let text = ''
    let inData = false
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    const answer = (command: string) => {
      const scripted = script({ command, connection, open: sockets.size })
      if (scripted instanceof Promise) void scripted.then((reply) => say(command, reply))
      else say(command, scripted)
    }
    const say = (command: string, scripted: Reply) => {
      const reply = scripted ?? USUAL[command] ?? '250 ok'
      if (reply === 'cut') socket.destroy()
      else if (reply !== 'silence') socket.write(`${reply}\r\n`)
      if (command === 'DATA' && reply.startsWith('354')) inData = true
      if (reply.startsWith('421') || command === 'QUIT') socket.end()
    }
    answer('CONNECT')
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      for (;;) {
        // A message without any line is a lone dot.
        const isEmpty = inData && text.startsWith('.\r\n')
        const end = isEmpty ? 0 : text.indexOf(inData ? '\r\n.\r\n' : '\r\n')
        if (end < 0) return
        const piece = text.slice(0, end)
        text = text.slice(end + (inData && !isEmpty ? 5 : isEmpty ? 3 : 2))
        if (inData) messages.push(piece)
        const command = inData ? 'END' : piece.slice(0, 4).toUpperCase()
        inData = false
        answer(command)
      }
    })
  })
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo
      const close = () => {
        for (const socket of sockets) socket.destroy()
        server.close()
      }
      const say = (line: string) => {
        for (const socket of sockets) socket.write(`${line}\r\n`)
      }
      resolve({ url: `smtp://127.0.0.1:${port}`, messages, say, open: () => sockets.size, close })
    })
  })
}
