import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { choosePort } from '../../src/embedded/port.ts'
import { isRequired } from './suites.ts'

const found = spawnSync('redis-server', ['--version']).status === 0
if (!found && isRequired('redis'))
  throw new Error('PAPERBOY_REQUIRE_SUITES requires redis-server. Install it, e.g. apt-get install redis-server.')
if (!found) console.warn('Skipped: tests that need redis-server, which is not installed.')

export const withoutRedis = !found

export interface RedisServer {
  url: string
  /** sends one command, as redis-cli does, and returns the raw reply */
  command(line: string): Promise<string>
  stop(): Promise<void>
  /** kills the server and starts an empty one on the same port */
  restart(): Promise<void>
}

/** Starts a redis-server on loopback that writes nothing to disk. */
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
