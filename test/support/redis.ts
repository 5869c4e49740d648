import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { choosePort } from '../../src/embedded/port.ts'
import { isRequired } from './suites.ts'

const found = spawnSync('redis-server', ['--version']).status === 0
if (!found && isRequired('redis'))
  throw new Error('redis-server is required here and not found. Install it, e.g. apt-get install redis-server.')
if (!found) console.warn('Skipped: everything that needs redis-server, which is not found.')

export const withoutRedis = !found

export interface RedisServer {
  url: string
  /** any command, as redis-cli would send it */
  command(line: string): Promise<string>
  stop(): Promise<void>
  /** kills it, and starts another, empty, on the same port */
  restart(): Promise<void>
}

/** A redis-server of one's own on loopback, with nothing written to disk. */
export async function startRedis(): Promise<RedisServer> {
  const port = await choosePort(undefined)
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
  const launch = () => spawn('redis-server', args, { stdio: 'ignore' })
  let server = launch()
  const command = async (line: string): Promise<string> => {
    const socket = connect(port, '127.0.0.1')
    socket.write(`${line}\r\n`)
    const [reply] = await once(socket, 'data')
    socket.destroy()
    return String(reply).trim()
  }
  const answering = async () => {
    for (let tries = 0; (await command('PING').catch(() => '')) !== '+PONG'; tries++) {
      if (tries > 200) throw new Error('redis-server does not answer')
      await delay(25)
    }
  }
  const stop = async () => {
    server.kill('SIGKILL')
    if (server.exitCode === null && server.signalCode === null) await once(server, 'exit')
  }
  await answering()
  return {
    url: `redis://127.0.0.1:${port}`,
    command,
    stop,
    async restart() {
      await stop()
      server = launch()
      await answering()
    },
  }
}
