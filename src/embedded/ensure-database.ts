import pg from 'pg'
import { codeOf, SetupError } from './setup-error.ts'

const NO_SUCH_DATABASE = '3D000'
const WRONG_PASSWORD = '28P01'

/**
 * Creates the database of a URL if it is missing, for example after an interrupted first start.
 *
 * @throws SetupError when the server refuses the URL's password
 */
export async function ensureDatabase(url: string): Promise<void> {
  try {
    await run(url, 'SELECT 1')
  } catch (error) {
    if (codeOf(error) === WRONG_PASSWORD) {
      throw new SetupError(
        'The embedded database does not accept the password in postgres.json. Restore that file from a backup, or set DATA_DIR to another folder.',
        { cause: error },
      )
    }
    if (codeOf(error) !== NO_SUCH_DATABASE) throw error
    const { href, pathname } = new URL(url)
    await run(href.replace(/[^/]*$/, 'postgres'), `CREATE DATABASE ${pg.escapeIdentifier(pathname.slice(1))}`)
  }
}

async function run(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, application_name: 'paperboy start' })
  client.on('error', () => {}) // the statement fails; without a listener, the process would end
  try {
    await client.connect()
    await client.query(statement)
  } finally {
    await client.end()
  }
}
