import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import type { Machine, Network } from './network.ts'
import { eventually } from './postgres.ts'

export interface RedisGround {
  /** REDIS_URL for the product's processes */
  url: string
  /** all machines, for a worker to be cut off from */
  machines: Machine[]
  /** Takes the power of the machine with the queue of batches. Another one is promoted without us. */
  killPrimary(installation: string): Promise<void>
}

type Ask = (...command: string[]) => Promise<unknown>
interface Node {
  machine: Machine
  ask: Ask
}

/** Starts a server on a machine, and waits until it answers. */
async function startServer(
  stack: AsyncDisposableStack,
  network: Network,
  machine: Machine,
  { port = 6379, settings = '', args = [] }: { port?: number; settings?: string; args?: string[] },
): Promise<Ask> {
  const file = join(network.folder, `${machine.name}-${port}.conf`)
  const common = `port ${port}\nbind *\nprotected-mode no\ndir ${network.folder}\nsave ""\n`
  await writeFile(file, `${common}${settings}\n`)
  machine.start('redis-server', [file, ...args])
  const client = new Redis({ host: machine.address, port, maxRetriesPerRequest: 1, retryStrategy: () => 100 })
  client.on('error', () => {})
  stack.defer(async () => client.disconnect())
  const ask: Ask = (...[command, ...rest]) => client.call(command!, ...rest)
  await eventually(() => ask('PING'))
  return ask
}

async function startNode(stack: AsyncDisposableStack, network: Network, name: string, settings = ''): Promise<Node> {
  const machine = network.machine(name)
  return { machine, ask: await startServer(stack, network, machine, { settings }) }
}

/** Waits until a reply has these words. */
const untilReply = (asking: () => Promise<unknown>, words: RegExp) =>
  eventually(async () => {
    const text = String(await asking())
    if (!words.test(text)) throw new Error(`${words} is not in:\n${text}`)
  })

const watchOver = (primary: string) => `sentinel monitor paperboy ${primary} 6379 2
sentinel down-after-milliseconds paperboy 3000
sentinel failover-timeout paperboy 10000`

/** Starts a primary and two replicas, each with a sentinel beside it. Two sentinels promote a replica. */
export async function startSentinels(stack: AsyncDisposableStack, network: Network): Promise<RedisGround> {
  const first = await startNode(stack, network, 'redis1')
  const primary = first.machine.address
  const nodes = [first]
  for (const name of ['redis2', 'redis3']) {
    const node = await startNode(stack, network, name, `replicaof ${primary} 6379`)
    await untilReply(() => node.ask('INFO', 'replication'), /master_link_status:up/)
    nodes.push(node)
  }
  const machines = nodes.map(({ machine }) => machine)
  const sentinels: Ask[] = []
  for (const machine of machines) {
    const ask = await startServer(stack, network, machine, {
      port: 26379,
      settings: watchOver(primary),
      args: ['--sentinel'],
    })
    sentinels.push(ask)
  }
  for (const ask of sentinels) await untilReply(() => ask('INFO', 'sentinel'), /slaves=2,sentinels=3/)
  return {
    url: `redis+sentinel://${machines.map(({ address }) => `${address}:26379`).join(',')}/paperboy`,
    machines,
    killPrimary: async () => first.machine.powerOff(),
  }
}

/** Starts a cluster of three primaries, each with a replica. */
export async function startCluster(stack: AsyncDisposableStack, network: Network): Promise<RedisGround> {
  const nodes: Node[] = []
  for (let n = 1; n <= 6; n++) {
    const settings = `cluster-enabled yes\ncluster-node-timeout 3000\ncluster-config-file nodes-${n}.conf`
    nodes.push(await startNode(stack, network, `redis${n}`, settings))
  }
  const [first] = nodes
  const primaries = nodes.slice(0, 3)
  const bounds = [0, 5461, 10923, 16384]
  for (const [place, { ask }] of primaries.entries())
    await ask('CLUSTER', 'ADDSLOTSRANGE', String(bounds[place]), String(bounds[place + 1]! - 1))
  for (const { machine } of nodes.slice(1)) await first!.ask('CLUSTER', 'MEET', machine.address, '6379')
  const all = /cluster_state:ok[\s\S]*cluster_known_nodes:6/
  for (const { ask } of nodes) await untilReply(() => ask('CLUSTER', 'INFO'), all)
  for (const [place, { ask }] of primaries.entries()) {
    const id = String(await ask('CLUSTER', 'MYID'))
    const replica = nodes[place + 3]!
    await eventually(() => replica.ask('CLUSTER', 'REPLICATE', id))
    await untilReply(() => replica.ask('INFO', 'replication'), /master_link_status:up/)
  }
  return {
    url: `redis+cluster://${nodes.map(({ machine }) => `${machine.address}:6379`).join(',')}`,
    machines: nodes.map(({ machine }) => machine),
    async killPrimary(installation) {
      const slot = Number(await first!.ask('CLUSTER', 'KEYSLOT', `{paperboy-${installation}-batches}`))
      const owner = bounds.findLastIndex((bound) => bound <= slot)
      primaries[owner]!.machine.powerOff()
    },
  }
}
