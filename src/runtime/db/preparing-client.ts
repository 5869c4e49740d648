import { hash } from 'node:crypto'
import pg from 'pg'
import { memoize } from '../../lib/memoize.ts'

/** Marks a statement that each connection should plan once. */
export const PREPARE = '/* prepare */ '

/**
 * Options of a client, for servers that vanish: a machine that loses its power or its network closes no connection. A waiting
 * connection then ends after 20 seconds, where TCP waits for two hours. A try to connect ends after 10 seconds: TCP repeats its own
 * ever more rarely, and would find a server that is back only a minute later.
 */
export const NOTICE_LOST_SERVER = {
  keepAlive: true,
  keepAliveInitialDelayMillis: 10_000,
  connectionTimeoutMillis: 10_000,
}

/**
 * A pg client that prepares marked statements by giving them a name. drizzle's `execute` accepts no name, but the statement's text
 * reaches the client, from a pool and from a transaction alike.
 */
export class PreparingClient extends pg.Client {
  constructor(config?: pg.ClientConfig) {
    // Not an option of the pool, where the limit would also hold for the wait for a free connection.
    super({ ...config, ...NOTICE_LOST_SERVER })
  }

  // pg's overloads differ in every parameter, so the call is forwarded untyped.
  override query(given: never, ...rest: never[]): never {
    const { query } = pg.Client.prototype as unknown as { query: (...all: unknown[]) => never }
    return query.call(this, named(given), ...rest)
  }
}

const named = (given: unknown): unknown =>
  typeof given === 'object' && given !== null && 'text' in given && String(given.text).startsWith(PREPARE)
    ? { ...given, name: nameOf(String(given.text)) }
    : given

/** Marked statements are few and long. */
const nameOf = memoize(
  (text: string) => text,
  (text) => hash('sha1', text, 'base64url'),
)
