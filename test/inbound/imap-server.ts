import net from 'node:net'

interface Stored {
  uid: number
  raw: Buffer
  flags: Set<string>
}

export interface ImapServer {
  url: string
  /** messages by folder; push to put one in */
  folders: Map<string, Stored[]>
  deliver(raw: Buffer): void
  /** every received command line, without its tag */
  commands: string[]
  /** closes the connection at the first matching command, once */
  cutAt(command: RegExp): void
  close(): void
}

/**
 * An IMAP server on real sockets with the part of RFC 9051 that reading a mailbox needs: LOGIN, LIST, SELECT, and UID SEARCH,
 * FETCH, STORE and MOVE. npm has no maintained one.
 */
export function openImapServer({ keywords = true } = {}): Promise<ImapServer> {
  const folders = new Map<string, Stored[]>([
    ['INBOX', []],
    ['Reports', []],
  ])
  const commands: string[] = []
  const sockets = new Set<net.Socket>()
  let nextUid = 1
  let cut: RegExp | undefined

  const answer = (socket: net.Socket, line: string) => {
    const [, tag, rest] = /^(\S+) (.*)$/.exec(line) ?? []
    if (!tag || !rest) return
    commands.push(rest)
    if (cut?.test(rest)) {
      cut = undefined
      socket.destroy()
      return
    }
    const inbox = folders.get('INBOX')!
    const write = (text: string | Buffer) => socket.write(text)
    const ok = (text = 'done') => write(`${tag} OK ${text}\r\n`)
    const [, verb = '', rest2 = ''] = /^(UID \w+|\w+) ?(.*)$/i.exec(rest) ?? []
    const one = () => inbox.find((each) => each.uid === Number(rest2.split(' ')[0]))
    switch (verb.toUpperCase()) {
      case 'CAPABILITY':
        write('* CAPABILITY IMAP4rev1 UIDPLUS MOVE\r\n')
        return ok()
      case 'LOGIN':
        return rest2.includes('right') ? ok() : write(`${tag} NO [AUTHENTICATIONFAILED] no\r\n`)
      case 'LIST':
        write('* LIST () "/" INBOX\r\n* LIST () "/" Reports\r\n')
        return ok()
      case 'SELECT':
        write(
          `* ${inbox.length} EXISTS\r\n* FLAGS (\\Seen \\Flagged)\r\n* OK [PERMANENTFLAGS (\\Seen \\Flagged${keywords ? ' \\*' : ''})] ok\r\n`,
        )
        write(`* OK [UIDVALIDITY 1] ok\r\n* OK [UIDNEXT ${nextUid}] ok\r\n`)
        return ok('[READ-WRITE] selected')
      case 'UID SEARCH': {
        const unwanted = /UNKEYWORD "?(\w+)"?/i.exec(rest2)?.[1] ?? '\\Seen'
        write(`* SEARCH ${inbox.flatMap(({ uid, flags }) => (flags.has(unwanted) ? [] : uid)).join(' ')}\r\n`)
        return ok()
      }
      case 'UID FETCH': {
        const found = one()
        if (found) {
          const at = inbox.indexOf(found) + 1
          write(`* ${at} FETCH (UID ${found.uid} BODY[]<0> {${found.raw.length}}\r\n`)
          write(found.raw)
          write(')\r\n')
        }
        return ok()
      }
      case 'UID STORE':
        for (const flag of /\(([^)]+)\)/.exec(rest2)![1]!.split(' ')) one()?.flags.add(flag)
        return ok()
      case 'UID MOVE': {
        const found = one()
        if (found) {
          const at = inbox.indexOf(found) + 1
          inbox.splice(at - 1, 1)
          folders.get('Reports')!.push(found)
          write(`* OK [COPYUID 1 ${found.uid} ${found.uid}] moved\r\n* ${at} EXPUNGE\r\n`)
        }
        return ok()
      }
      case 'LOGOUT':
        write('* BYE bye\r\n')
        ok()
        return socket.end()
      default:
        return ok()
    }
  }

  const server = net.createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    socket.write('* OK [CAPABILITY IMAP4rev1 UIDPLUS MOVE] ready\r\n')
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      for (let end = text.indexOf('\r\n'); end >= 0; end = text.indexOf('\r\n')) {
        const line = text.slice(0, end)
        text = text.slice(end + 2)
        answer(socket, line)
      }
    })
  })
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo
      resolve({
        url: `imap://reader:right@127.0.0.1:${port}/INBOX?done=Reports`,
        folders,
        commands,
        deliver: (raw) => void folders.get('INBOX')!.push({ uid: nextUid++, raw, flags: new Set() }),
        cutAt: (command) => {
          cut = command
        },
        close() {
          for (const socket of sockets) socket.destroy()
          server.close()
        },
      })
    })
  })
}
