import { setTimeout as delay } from 'node:timers/promises'
import { openRedis } from '../../runtime/redis.ts'
import { type Diagnosis, failure, ok, warning } from './diagnosis.ts'

const PATIENCE_MS = 5_000

/** Checks that Redis is reachable and never evicts keys. Without REDIS_URL the queue is in the database. */
export async function checkQueue(redisUrl: string | undefined): Promise<Diagnosis[]> {
  if (redisUrl === undefined) return []
  const redis = openRedis(redisUrl)
  let trouble: unknown
  redis.on('error', (error) => {
    trouble = error
  })
  try {
    // Never show this error: it quotes the command, which can be our login with its password.
    const asked = redis.info().catch((error) => {
      trouble = error
      return undefined
    })
    const info = await Promise.race([asked, delay(PATIENCE_MS, undefined, { ref: false })])
    if (info === undefined) {
      const { code, message = '' } = (trouble ?? {}) as { code?: string; message?: string }
      if (message.startsWith('NOPERM'))
        return [failure('Queue', 'Redis refuses its user the command INFO: nothing starts', 'ACL SETUSER … +info')]
      const why = trouble ? (code ?? 'it refuses the login') : 'no answer'
      return [failure('Queue', `cannot connect to Redis (${why}): email is sent late`, 'check REDIS_URL')]
    }
    // Valkey reports a compatible Redis version first.
    const [, server = '', version = ''] =
      /^(valkey)_version:(\S+)/m.exec(info) ?? /^(redis)_version:(\S+)/m.exec(info) ?? []
    const infoOf = (name: string) => new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1]
    if (infoOf('role') === 'slave')
      return [failure('Queue', 'Redis is a read-only replica: no job runs', 'set REDIS_URL to the primary')]
    const policy = infoOf('maxmemory_policy') ?? 'noeviction'
    const most = Number(infoOf('maxmemory') ?? 0)
    if (policy === 'noeviction' && most > 0 && Number(infoOf('used_memory')) >= most)
      return [failure('Queue', 'Redis is full: no job runs', 'raise maxmemory, or give Paperboy a Redis of its own')]
    if (policy !== 'noeviction')
      return [
        warning(
          'Queue',
          `Redis drops keys when it is full (${policy}), which delays email`,
          'set maxmemory-policy to noeviction',
        ),
      ]
    return [ok('Queue', `${server === 'valkey' ? 'Valkey' : 'Redis'} ${version}`)]
  } finally {
    redis.disconnect()
  }
}
