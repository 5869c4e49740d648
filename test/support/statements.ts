import type { PoolClient } from 'pg'
import { type Db, databaseOn, openPool } from '../../src/runtime/db/database.ts'

/** Opens a database that records every statement sent to the server, including BEGIN and COMMIT. */
export function watchedDatabase(databaseUrl: string): { db: Db; statements: string[]; close(): Promise<void> } {
  const statements: string[] = []
  const pool = openPool(databaseUrl, () => {})
  pool.on('connect', (client: PoolClient) => {
    const query = client.query.bind(client) as (...args: unknown[]) => unknown
    client.query = ((...args: unknown[]) => {
      const [what] = args as [string | { text: string }]
      statements.push(typeof what === 'string' ? what : what.text)
      return query(...args)
    }) as typeof client.query
  })
  return { db: databaseOn(pool), statements, close: () => pool.end() }
}
