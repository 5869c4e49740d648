import { execFileSync, spawnSync } from 'node:child_process'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { resumeAfterRestore, whyHalted } from '../../src/delivery/ledger/restore-guard.ts'
import { readInstallation } from '../../src/runtime/installation.ts'
import { type Fault, FIRST_SHARE, type Ground, type Worker } from './ground.ts'
import type { Network } from './network.ts'
import { postgresFolder } from './postgres.ts'

/** Cuts the first worker off from some machines for a while. */
const cutOff =
  (peers: (ground: Ground) => { address: string }[]) =>
  async (ground: Ground): Promise<Worker> => {
    const worker = ground.workers[0]!
    worker.machine.cut(...peers(ground))
    await delay(ground.options.troubleMs)
    worker.machine.heal()
    ground.mayRepeat++
    return worker
  }

/** Takes the primary's power, promotes the replica and points PgBouncer to it. */
async function failOver({ postgres, bouncer }: Ground): Promise<undefined> {
  // The order matters: no client may still write to the old primary when the new one begins.
  postgres.primary.powerOff()
  await postgres.promote()
  await bouncer.pointTo(postgres.replica)
  return undefined
}

const BEHIND_MS = 2_000

/** Resumes sending where the restore guard has stopped it, and keeps the edition. */
async function resumeAll({ services }: Ground): Promise<void> {
  if (await whyHalted(services.db)) await resumeAfterRestore(services, true)
}

/** A disk of the primary's own, in memory. */
const DISK_MB = 900
const diskOf = (network: Network) => join(postgresFolder(network), 'disk')

/** Fills the primary's disk for a while. PostgreSQL ends itself when its log cannot grow. */
async function fillDisk({ network, postgres, options }: Ground): Promise<undefined> {
  const file = join(diskOf(network), 'full')
  spawnSync('sh', ['-c', 'cat /dev/zero > "$0"', file], { stdio: 'ignore' })
  await delay(options.troubleMs)
  await rm(file)
  await postgres.revivePrimary()
  return undefined
}

const REDIS_FAILS: Fault = {
  name: 'the machine with the Redis primary loses its power',
  async during({ redis, services }) {
    await redis.killPrimary(await readInstallation(services.db))
    return undefined
  },
}
const POSTGRES_FAILS: Fault = {
  name: 'the machine with the PostgreSQL primary loses its power; the replica is promoted',
  during: failOver,
}
const CUT_FROM_POSTGRES: Fault = {
  name: 'a worker is cut off from PostgreSQL',
  during: cutOff(({ bouncer }) => [bouncer.machine]),
}

/** The rows of the table in docs/reliability-and-speed.md. */
export const faults: Fault[] = [
  REDIS_FAILS,
  POSTGRES_FAILS,
  {
    name: 'the replica falls 2 s behind; then the primary loses its power, and the replica is promoted',
    async during(ground) {
      const { postgres } = ground
      postgres.replica.cut(postgres.primary)
      await delay(BEHIND_MS)
      return failOver(ground)
    },
    operator: resumeAll,
  },
  { name: 'a worker is cut off from Redis', during: cutOff(({ redis }) => redis.machines) },
  CUT_FROM_POSTGRES,
  { name: 'a worker is cut off from the relay', during: cutOff(({ relayMachine }) => [relayMachine]) },
  {
    name: 'the clock of one worker is 10 minutes ahead',
    before: async () => ({ nodeOptions: `--import ${import.meta.resolve('./clock-ahead.ts')}` }),
    during: async ({ workers }) => workers[0],
  },
  {
    name: "the PostgreSQL primary's disk is full",
    async before({ network }) {
      const primaryFolder = diskOf(network)
      await mkdir(primaryFolder, { recursive: true })
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MB}m`, 'tmpfs', primaryFolder])
      return { primaryFolder }
    },
    during: fillDisk,
  },
]

/** For a test: those that need no long wait. Redis fails first, while batches wait that no worker holds. */
export const shortFaults: Fault[] = [REDIS_FAILS, POSTGRES_FAILS, CUT_FROM_POSTGRES]

/** Makes one fault of several. They begin after equal shares of the emails. */
export const allInTurn = (several: Fault[]): Fault => ({
  name: several.map(({ name }) => name).join('; then '),
  async during(ground) {
    let affected: Worker | undefined
    for (const [place, fault] of several.entries()) {
      await ground.taken(FIRST_SHARE + (place * (1 - FIRST_SHARE)) / several.length)
      affected = (await fault.during(ground)) ?? affected
    }
    return affected
  },
})
