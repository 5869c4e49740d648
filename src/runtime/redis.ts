import { Cluster, Redis } from 'ioredis'
import { parseRedisUrl } from './config/redis-url.ts'

/**
 * A machine that loses its power closes no connection. Without these limits, every worker waits on its connections to that machine,
 * for up to 15 minutes, although another one was promoted. BullMQ's longest command waits 10 seconds.
 */
const PATIENCE = { connectTimeout: 5_000, socketTimeout: 15_000, keepAlive: 10_000 }

/**
 * Opens a client for REDIS_URL: one server, a cluster (from some of its nodes), or the master that sentinels report.
 * The scheme `rediss` uses TLS. The client reconnects until it is closed.
 */
export function openRedis(url: string): Redis | Cluster {
  const { kind, tls, username, password, nodes, master, database } = parseRedisUrl(url)!
  const login = { ...(username ? { username } : {}), ...(password ? { password } : {}) }
  const common = { ...login, ...PATIENCE, ...(tls ? { tls: {} } : {}), maxRetriesPerRequest: null }
  if (kind === 'cluster') {
    return new Cluster(nodes, {
      redisOptions: common,
      clusterRetryStrategy: (attempt) => Math.min(100 * attempt, 2_000),
      // Certificates name hosts. Without this, ioredis would resolve them to addresses first.
      ...(tls ? { dnsLookup: (address, done) => done(null, address) } : {}),
    })
  }
  if (kind === 'sentinel') {
    return new Redis({
      ...common,
      sentinels: nodes,
      name: master,
      db: database,
      sentinelCommandTimeout: PATIENCE.connectTimeout,
      ...(tls ? { enableTLSForSentinelMode: true } : {}),
    })
  }
  return new Redis({ ...common, ...nodes[0]!, db: database })
}
