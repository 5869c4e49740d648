import { setTimeout as delay } from 'node:timers/promises'
import { openRedis } from '../../runtime/redis.ts'
import { type Diagnosis, doubtful, right, wrong } from './diagnosis.ts'

const PATIENCE_MS = 5_000

/** Whether Redis can be used, and drops no key of its own accord. Without REDIS_URL the queue is in the database. */
export async function examineQueue(redisUrl: string | undefined): Promise<Diagnosis[]> {
  if (redisUrl === undefined) return []
  const redis = openRedis(redisUrl)
  let trouble: unknown
  redis.on('error', (error) => {
    trouble = error
  })
  try {
    // What it rejects with is never shown: it quotes the command, which may be our login with its password.
    const asked = redis.info().catch((error) => {
      trouble = error
      return undefined
    })
    const info = await Promise.race([asked, delay(PATIENCE_MS, undefined, { ref: false })])
    if (info === undefined) {
      const why = trouble ? ((trouble as { code?: string }).code ?? 'it refuses us') : 'no answer'
      return [wrong('Queue', `Redis cannot be used (${why}): mail leaves later than it should`, 'see REDIS_URL')]
    }
    // Valkey tells a version of Redis first, which it is compatible with.
    const [, server = '', version = ''] =
      /^(valkey)_version:(\S+)/m.exec(info) ?? /^(redis)_version:(\S+)/m.exec(info) ?? []
    const [, policy = 'noeviction'] = /^maxmemory_policy:(\S+)/m.exec(info) ?? []
    if (policy !== 'noeviction')
      return [
        doubtful(
          'Queue',
          `Redis drops keys when it is full (${policy}); the sweeper has to find what they were`,
          'set maxmemory-policy to noeviction',
        ),
      ]
    return [right('Queue', `${server === 'valkey' ? 'Valkey' : 'Redis'} ${version}`)]
  } finally {
    redis.disconnect()
  }
}
