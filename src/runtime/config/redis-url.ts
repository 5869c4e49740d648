import { decodeLogin, ENCODE_LOGIN } from './url-login.ts'

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
  try {
    return problemOf(parseRedisUrl(url), url)
  } catch (error) {
    return (error as Error).message
  }
}

function problemOf(address: RedisAddress | undefined, url: string): string | undefined {
  if (!address) {
    if (/^rediss?(?:\+\w+)?:\/\/.*@/.test(url)) return ENCODE_LOGIN
    return 'must look like redis://host:6379, redis+cluster://host1:6379,host2:6379 or redis+sentinel://host1:26379,host2:26379/master'
  }
  if (address.kind === 'sentinel' && !address.master)
    return 'must name the sentinels’ master at its end, as in …:26379/master'
  if (address.kind === 'cluster' && address.database > 0) return 'must have no database number: a cluster has only 0'
  return undefined
}

/** Returns the parts of a REDIS_URL, or undefined when it is none. @throws Error for a login that cannot be decoded */
export function parseRedisUrl(url: string): RedisAddress | undefined {
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
    username: decodeLogin(username!),
    password: decodeLogin(password!),
    nodes: nodes as { host: string; port: number }[],
    master: kind === 'sentinel' ? first : '',
    database: Number(database || 0),
  }
}

function nodeOf(text: string, usualPort: number): { host: string; port: number } | undefined {
  const [, host, port] = /^(\[[0-9a-f:.]+\]|[^:\s[\]]+)(?::(\d{1,5}))?$/i.exec(text) ?? []
  return host === undefined ? undefined : { host: host.replace(/^\[|\]$/g, ''), port: Number(port ?? usualPort) }
}
