import { setTimeout as delay } from 'node:timers/promises'
import { openRedis } from '../redis.ts'
import { type Diagnosis, doubtful, right, wrong } from './diagnosis.ts'

const PATIENCE_MS = 5_000

/** Whether Redis can be used, and drops no key of its own accord. Without REDIS_URL the queue is in the database. */
export async function examineQueue(redisUrl: string | undefined): Promise<Diagnosis[]> {
  if (redisUrl === undefined) return [right('Queue', 'in PostgreSQL')]
  const redis = openRedis(redisUrl)
  let trouble: Error | undefined
  redis.on('error', (error) => {
    trouble = error
  })
  try {
    const info = await Promise.race([redis.info(), delay(PATIENCE_MS, undefined, { ref: false })])
    if (info === undefined) {
      const why = (trouble as { code?: string } | undefined)?.code ?? 'no answer'
      return [wrong('Queue', `Redis cannot be used (${why}): mail leaves later than it should`, 'see REDIS_URL')]
    }
    const [, version = ''] = /^(?:valkey_version|redis_version):(\S+)/m.exec(info) ?? []
    const [, policy = 'noeviction'] = /^maxmemory_policy:(\S+)/m.exec(info) ?? []
    if (policy !== 'noeviction')
      return [
        doubtful(
          'Queue',
          `Redis drops keys when it is full (${policy}); the sweeper has to find what they were`,
          'set maxmemory-policy to noeviction',
        ),
      ]
    return [right('Queue', `Redis ${version}`)]
  } finally {
    redis.disconnect()
  }
}
