import { execFileSync, spawn } from 'node:child_process'
import { randomBytes, randomInt } from 'node:crypto'
import { once } from 'node:events'
import { chmod, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SystemUser } from '../../src/embedded/system-user.ts'
import { type Started, startProgram } from '../support/processes.ts'

/** A machine of the cluster: a network namespace with its own address and its own processes. */
export interface Machine {
  name: string
  address: string
  /** Starts a program on this machine. It dies with us. */
  start(program: string, args: string[], options?: StartOptions): Started
  /** Drops every packet to and from these machines, as a broken switch does: no connection is closed. */
  cut(...peers: { address: string }[]): void
  /** Drops every packet, and kills every process: the machine has lost its power. */
  powerOff(): void
  /** Ends all cuts. */
  heal(): void
}

interface StartOptions {
  env?: Record<string, string>
  user?: SystemUser
  /** a folder that is on another machine: this one sees an empty one in its place */
  hides?: string
}

export interface Network {
  /** our own address, at which the machines reach the test */
  address: string
  /** a folder for the machines' files, open to all users */
  folder: string
  machine(name: string): Machine
}

/** Blocks of RFC 2544, for tests of networks: no real network uses them. */
const BLOCK = () => `198.${18 + randomInt(2)}.${randomInt(256)}`

/** Waits for the end of its input, which is our end, however we end. Then it removes everything. */
const REMOVE_ALL = `
trap '' INT TERM HUP
cat >/dev/null
for space in $(ip netns list | cut -d ' ' -f 1 | grep "^$1-"); do
  while pids=$(ip netns pids "$space") && [ -n "$pids" ]; do kill -KILL $pids 2>/dev/null; sleep .05; done
  ip netns delete "$space"
done
ip link delete "$1" 2>/dev/null
for mounted in $(grep -o " $2/[^ ]*" /proc/mounts); do umount -l "$mounted"; done
rm -rf -- "$2"`

const ip = (...args: string[]) => void execFileSync('ip', args)

/** Opens a network of namespaces that one switch joins. Disposing the stack, or any end of this process, removes all of it. */
export async function openNetwork(stack: AsyncDisposableStack): Promise<Network> {
  const prefix = `pb${randomBytes(4).toString('hex')}`
  // Made after its remover has started: an interruption leaves nothing behind.
  const folder = join(tmpdir(), `paperboy-cluster-${prefix}`)
  const remover = spawn('sh', ['-c', REMOVE_ALL, 'sh', prefix, folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'inherit'],
    env: { PATH: process.env.PATH }, // no TMPDIR: a signal that ends the run ends its processes, but not this one
  })
  const removed = once(remover, 'exit')
  await mkdir(folder)
  await chmod(folder, 0o755)
  stack.defer(async () => {
    remover.stdin.end()
    await removed
  })
  const block = BLOCK()
  const hub = `${prefix}-switch`
  ip('netns', 'add', hub)
  ip('-n', hub, 'link', 'add', 'switch', 'type', 'bridge')
  ip('-n', hub, 'link', 'set', 'switch', 'up')
  const plug = (place: number) => ip('-n', hub, 'link', 'set', `port${place}`, 'master', 'switch', 'up')
  ip('link', 'add', prefix, 'type', 'veth', 'peer', 'name', 'port1', 'netns', hub)
  ip('address', 'add', `${block}.1/24`, 'dev', prefix)
  ip('link', 'set', prefix, 'up')
  plug(1)
  let machines = 1
  return {
    address: `${block}.1`,
    folder,
    machine(name) {
      const place = ++machines
      const space = `${prefix}-${name}`
      const address = `${block}.${place}`
      ip('netns', 'add', space)
      ip('-n', space, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', `port${place}`, 'netns', hub)
      ip('-n', space, 'address', 'add', `${address}/24`, 'dev', 'eth0')
      for (const device of ['lo', 'eth0']) ip('-n', space, 'link', 'set', device, 'up')
      plug(place)
      return machineIn(space, name, address)
    },
  }
}

function machineIn(space: string, name: string, address: string): Machine {
  const rules = (text: string) => void execFileSync('ip', ['netns', 'exec', space, 'nft', '-f', '-'], { input: text })
  const drop = (from: string, to: string) =>
    rules(`table inet cut {
      chain incoming { type filter hook input priority 0; ${from} drop; }
      chain outgoing { type filter hook output priority 0; ${to} drop; }
    }`)
  return {
    name,
    address,
    start: (program, args, { env = {}, user, hides } = {}) => {
      const as = user ? ['--reuid', `${user.uid}`, '--regid', `${user.gid}`, '--clear-groups'] : []
      // Shared memory in a namespace of its own: a killed PostgreSQL would leave a segment behind.
      const inside = ['netns', 'exec', space, 'unshare', '--ipc', 'setpriv', '--pdeathsig', 'KILL', ...as, '--']
      const hiding = hides ? ['sh', '-c', 'mount -t tmpfs tmpfs "$0" && exec "$@"', hides] : []
      return startProgram('ip', [...inside, ...hiding, program, ...args], env)
    },
    cut(...peers) {
      const addresses = `{ ${peers.map((peer) => peer.address).join(', ')} }`
      drop(`ip saddr ${addresses}`, `ip daddr ${addresses}`)
    },
    powerOff() {
      drop('iif != lo', 'oif != lo')
      const pids = execFileSync('ip', ['netns', 'pids', space], { encoding: 'utf8' }).split('\n').filter(Boolean)
      for (const pid of pids) {
        try {
          process.kill(Number(pid), 'SIGKILL')
        } catch {} // it ended with its parent
      }
    },
    heal: () => rules('table inet cut; delete table inet cut'),
  }
}
