import { Cluster, Redis } from 'ioredis'

const FORM = /^(redis|rediss)(?:\+(cluster|sentinel))?:\/\/(?:([^@/]*)@)?([^@/?#]+)(?:\/([^/?#]*))?(?:\/(\d+))?$/

interface RedisAddress {
  kind: 'single' | 'cluster' | 'sentinel'
  tls: boolean
  username?: string | undefined
  password?: string | undefined
  nodes: { host: string; port: number }[]
  /** the sentinels' name for the master */
  master: string
  database: number
}

/** Returns the problem of a REDIS_URL, or undefined. */
export function redisUrlProblem(url: string): string | undefined {
  const address = parse(url)
  if (!address) {
    return 'must look like redis://host:6379, redis+cluster://host1:6379,host2:6379 or redis+sentinel://host1:26379,host2:26379/master'
  }
  if (address.kind === 'sentinel' && !address.master)
    return 'must name the sentinels’ master at its end, as in …:26379/master'
  if (address.kind === 'cluster' && address.database > 0) return 'must have no database number: a cluster has only 0'
  return undefined
}

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
  const { kind, tls, username, password, nodes, master, database } = parse(url)!
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

function parse(url: string): RedisAddress | undefined {
  const found = FORM.exec(url)
  if (!found) return undefined
  const [, scheme, form, login = '', hosts, first = '', second] = found
  const kind = (form ?? 'single') as RedisAddress['kind']
  const nodes = hosts!.split(',').map((host) => nodeOf(host, kind === 'sentinel' ? 26379 : 6379))
  if (nodes.some((node) => node === undefined) || (kind === 'single' && nodes.length > 1)) return undefined
  const database = kind === 'sentinel' ? second : first
  if (database && !/^\d+$/.test(database)) return undefined
  const [username, password] = login.includes(':') ? login.split(/:(.*)/s) : ['', login]
  return {
    kind,
    tls: scheme === 'rediss',
    username: decodeURIComponent(username!),
    password: decodeURIComponent(password!),
    nodes: nodes as { host: string; port: number }[],
    master: kind === 'sentinel' ? first : '',
    database: Number(database || 0),
  }
}

function nodeOf(text: string, usualPort: number): { host: string; port: number } | undefined {
  const [, host, port] = /^(\[[0-9a-f:.]+\]|[^:\s[\]]+)(?::(\d{1,5}))?$/i.exec(text) ?? []
  return host === undefined ? undefined : { host: host.replace(/^\[|\]$/g, ''), port: Number(port ?? usualPort) }
}
