import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { choosePort } from '../../src/embedded/port.ts'

interface Node {
  port: number
  ask(...command: string[]): Promise<unknown>
  kill(): Promise<void>
}

/** Starts a redis-server with the given settings, in a folder of its own. */
async function startNode(stack: AsyncDisposableStack, settings: string, ...args: string[]): Promise<Node> {
  const folder = await mkdtemp(join(tmpdir(), 'paperboy-redis-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  for (let tries = 0; tries < 5; tries++) {
    const node = await tryNode(stack, folder, settings, args)
    if (node) return node
  }
  throw new Error('redis-server ended five times before it answered')
}

/** @returns undefined when the server ends at once: its port, or the bus of a cluster 10,000 above it, was taken by another process */
async function tryNode(stack: AsyncDisposableStack, folder: string, settings: string, args: string[]) {
  const port = await choosePort(undefined)
  const file = join(folder, 'redis.conf')
  await writeFile(file, `port ${port}\nbind 127.0.0.1\ndir ${folder}\nsave ""\nappendonly no\n${settings}\n`)
  const server: ChildProcess = spawn('redis-server', [file, ...args], { stdio: 'ignore' })
  const ended = once(server, 'exit')
  const kill = async () => {
    server.kill('SIGKILL')
    await ended
  }
  stack.defer(kill)
  const client = new Redis({ host: '127.0.0.1', port, retryStrategy: () => 50, maxRetriesPerRequest: null })
  client.on('error', () => {})
  stack.defer(async () => client.disconnect())
  const ask = (...[name, ...rest]: string[]) => client.call(name!, ...rest)
  const answers = await Promise.race([ask('PING').then(() => true), ended.then(() => false)])
  if (answers) return { port, ask, kill }
  client.disconnect()
  return undefined
}

const until = async (holds: () => Promise<boolean>) => {
  while (!(await holds().catch(() => false))) await delay(50)
}

/** Starts a cluster of three masters that share the slots. @returns a REDIS_URL that names two of them, and the nodes */
export async function startCluster(stack: AsyncDisposableStack): Promise<{ url: string; nodes: Node[] }> {
  const nodes = await Promise.all(
    Array.from({ length: 3 }, () => startNode(stack, 'cluster-enabled yes\ncluster-node-timeout 2000')),
  )
  const bounds = [0, 5461, 10923, 16384]
  for (const [place, node] of nodes.entries()) {
    await node.ask('CLUSTER', 'ADDSLOTSRANGE', String(bounds[place]), String(bounds[place + 1]! - 1))
    await nodes[0]!.ask('CLUSTER', 'MEET', '127.0.0.1', String(node.port))
  }
  for (const node of nodes) {
    await until(async () =>
      /cluster_state:ok[\s\S]*cluster_known_nodes:3/.test(String(await node.ask('CLUSTER', 'INFO'))),
    )
  }
  return { url: `redis+cluster://127.0.0.1:${nodes[0]!.port},127.0.0.1:${nodes[1]!.port}`, nodes }
}

/** Starts a master, a replica, and a sentinel that promotes the replica when the master dies. */
export async function startSentinel(
  stack: AsyncDisposableStack,
): Promise<{ url: string; master: Node; replica: Node }> {
  const master = await startNode(stack, '')
  const replica = await startNode(stack, `replicaof 127.0.0.1 ${master.port}`)
  await until(async () => String(await replica.ask('INFO', 'replication')).includes('master_link_status:up'))
  const watch = `sentinel monitor paperboy 127.0.0.1 ${master.port} 1\nsentinel down-after-milliseconds paperboy 1500\nsentinel failover-timeout paperboy 2000`
  const sentinel = await startNode(stack, watch, '--sentinel')
  await until(async () => String(await sentinel.ask('INFO', 'sentinel')).includes('slaves=1'))
  return { url: `redis+sentinel://127.0.0.1:${sentinel.port}/paperboy`, master, replica }
}
