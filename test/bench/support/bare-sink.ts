import { createServer } from 'node:net'

/** A process that accepts all messages and stores none: `bare-sink.ts PORT [DELAY_MS]`. It replies to the final dot after the delay. */
const [port, delayMs = '0'] = process.argv.slice(2)
const END = Buffer.from('\r\n.\r\n')

createServer((socket) => {
  let inData = false
  let tail = Buffer.alloc(0)
  socket.setNoDelay()
  socket.on('error', () => {})
  socket.write('220 sink ESMTP\r\n')
  socket.on('data', (chunk: Buffer) => {
    let rest = tail.length > 0 ? Buffer.concat([tail, chunk]) : chunk
    for (;;) {
      const end = rest.indexOf(inData ? END : '\r\n')
      if (end < 0) {
        // Keep only the last bytes of a message, which may begin its end mark.
        tail = Buffer.from(inData ? rest.subarray(-4) : rest)
        return
      }
      const line = inData ? 'END' : rest.toString('latin1', 0, end).toUpperCase()
      rest = rest.subarray(end + (inData ? END.length : 2))
      inData = line === 'DATA'
      if (line !== 'END' || delayMs === '0') socket.write(replyTo(line))
      else setTimeout(() => socket.write(replyTo(line)), Number(delayMs))
      if (line === 'QUIT') socket.end()
    }
  })
}).listen(Number(port), '127.0.0.1', 1000)

function replyTo(line: string): string {
  if (line.startsWith('EHLO')) return '250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE\r\n'
  if (line === 'DATA') return '354 go on\r\n'
  return line === 'QUIT' ? '221 bye\r\n' : '250 2.0.0 ok\r\n'
}
