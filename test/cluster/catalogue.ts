import { setTimeout as delay } from 'node:timers/promises'
import { readInstallation } from '../../src/runtime/installation.ts'
import type { Fault, Ground, Worker } from './ground.ts'

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
async function failOver(ground: Ground): Promise<undefined> {
  const { postgres, bouncer } = ground
  // The order matters: no client may still write to the old primary when the new one begins.
  postgres.primary.powerOff()
  await postgres.promote()
  await bouncer.pointTo(postgres.replica)
  return undefined
}

/** The rows of the table in docs/reliability-and-speed.md. */
export const faults: Fault[] = [
  {
    name: 'the machine with the Redis primary loses its power',
    async during({ redis, services }) {
      await redis.killPrimary(await readInstallation(services.db))
      return undefined
    },
  },
  { name: 'the machine with the PostgreSQL primary loses its power; the replica is promoted', during: failOver },
  { name: 'a worker is cut off from Redis', during: cutOff(({ redis }) => redis.machines) },
  { name: 'a worker is cut off from PostgreSQL', during: cutOff(({ bouncer }) => [bouncer.machine]) },
  { name: 'a worker is cut off from the relay', during: cutOff(({ relayMachine }) => [relayMachine]) },
]
