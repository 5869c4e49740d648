import { createHash } from 'node:crypto'
import pg from 'pg'

/** Marks a statement that each connection should plan once. */
export const PREPARE = '/* prepare */ '

/**
 * A pg client that prepares marked statements by giving them a name. drizzle's `execute` accepts no name, but the statement's text
 * reaches the client, from a pool and from a transaction alike.
 */
export class PreparingClient extends pg.Client {
  // pg's overloads differ in every parameter, so the call is forwarded untyped.
  override query(given: never, ...rest: never[]): never {
    const { query } = pg.Client.prototype as unknown as { query: (...all: unknown[]) => never }
    return query.call(this, named(given), ...rest)
  }
}

const named = (given: unknown): unknown =>
  typeof given === 'object' && given !== null && 'text' in given && String(given.text).startsWith(PREPARE)
    ? { ...given, name: createHash('sha1').update(String(given.text)).digest('base64url') }
    : given
