import { createHash } from 'node:crypto'
import pg from 'pg'

/** What a statement begins with that each connection should plan once. */
export const PREPARE = '/* prepare */ '

/**
 * Gives marked statements a name, which is how pg prepares one. drizzle's `execute` takes no name, but a statement's text reaches the
 * client, from a pool and from a transaction alike.
 */
export class PreparingClient extends pg.Client {
  // pg's overloads differ in every parameter; the call is passed on as it came.
  override query(given: never, ...rest: never[]): never {
    const { query } = pg.Client.prototype as unknown as { query: (...all: unknown[]) => never }
    return query.call(this, named(given), ...rest)
  }
}

const named = (given: unknown): unknown =>
  typeof given === 'object' && given !== null && 'text' in given && String(given.text).startsWith(PREPARE)
    ? { ...given, name: createHash('sha1').update(String(given.text)).digest('base64url') }
    : given
