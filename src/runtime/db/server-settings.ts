import type pg from 'pg'
import { ConfigError } from '../config/config.ts'

/** A problem with the database's settings, and the statement or the change of DATABASE_URL that corrects it. */
export interface WrongSetting {
  problem: string
  fix: string
  /** whether the fix is a statement */
  isSql: boolean
}

/** A connection or pool, with the settings of Paperboy's role. */
type Queryable = Pick<pg.ClientBase, 'query'>

interface Settings {
  encoding: string
  isolation: string
  dates: string
  strings: string
  readOnly: string
  role: string
  database: string
  /** names of settings that the connection itself asked for */
  ofClient: string[]
}

/**
 * Returns the settings that Paperboy cannot work with. PostgreSQL's defaults are right, but a server, a database or a role may have others.
 *
 * @throws the database's error if the query fails
 */
export async function findWrongSettings(client: Queryable): Promise<WrongSetting[]> {
  const { rows } = await client.query<Settings>(`
    SELECT current_setting('server_encoding') AS encoding, current_setting('default_transaction_isolation') AS isolation,
      current_setting('DateStyle') AS dates, current_setting('standard_conforming_strings') AS strings,
      current_setting('default_transaction_read_only') AS "readOnly",
      quote_ident(current_user) AS role, quote_ident(current_database()) AS database,
      ARRAY(SELECT name FROM pg_settings WHERE source = 'client') AS "ofClient"`)
  const { encoding, isolation, dates, strings, readOnly, role, database, ofClient } = rows[0]!
  const wrong: WrongSetting[] = []
  if (encoding !== 'UTF8')
    wrong.push({
      problem: `its encoding is ${encoding}, which has no room for every letter`,
      fix: `CREATE DATABASE ${database} ENCODING 'UTF8' LOCALE 'C' TEMPLATE template0 (after you renamed or dropped this one)`,
      isSql: true,
    })
  // What a role has in this database wins over settings of the server, the database or the role alone.
  // Only what a connection asks for wins over that.
  const set = (problem: string, assignment: string, before = '') => {
    const name = /^\w+/.exec(assignment)![0]
    wrong.push(
      ofClient.includes(name)
        ? { problem, fix: `take ${name} out of the options in DATABASE_URL, or out of PGOPTIONS`, isSql: false }
        : { problem, fix: `${before}ALTER ROLE ${role} IN DATABASE ${database} SET ${assignment}`, isSql: true },
    )
  }
  // Statements that wait for a lock go on with what the other transaction committed. Other levels would end them with an error.
  if (isolation !== 'read committed')
    set(
      `default_transaction_isolation is ${isolation}, with which work at the same moment fails`,
      `default_transaction_isolation = 'read committed'`,
    )
  if (!dates.startsWith('ISO'))
    set(`DateStyle is ${dates}, and days are read as year-month-day`, `DateStyle = 'ISO, YMD'`)
  if (strings === 'off')
    set(
      'standard_conforming_strings is off, so backslashes in statements lose their meaning',
      'standard_conforming_strings = on',
    )
  if (readOnly === 'on')
    set(
      'default_transaction_read_only is on, so nothing can be stored',
      'default_transaction_read_only = off',
      'SET default_transaction_read_only = off; ',
    )
  return wrong
}

/** @throws ConfigError that names each wrong setting and its fix */
export async function requireSettings(client: Queryable): Promise<void> {
  const wrong = await findWrongSettings(client)
  if (wrong.length > 0)
    throw new ConfigError(
      ['The database (DATABASE_URL) has settings that Paperboy cannot work with:']
        .concat(
          wrong.map(({ problem, fix, isSql }) => `${problem}. ${isSql ? 'Run in psql' : 'To correct it'}: ${fix}`),
        )
        .join('\n  '),
    )
}

/**
 * Lifts the time limits that hosts set for a server, a database or a role, such as two minutes for a statement. They suit a page; a
 * migration, a backup or a restore of a large database takes longer, or waits for another one. A worker announces itself by a connection
 * that is idle.
 */
export const liftTimeLimits = (client: Queryable) =>
  // Servers before PostgreSQL 17 have no transaction_timeout.
  client.query(`
    SELECT set_config(name, '0', false) FROM pg_settings
    WHERE name IN ('statement_timeout', 'transaction_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout',
      'idle_session_timeout')`)
