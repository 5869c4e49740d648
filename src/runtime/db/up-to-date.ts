import { readFileSync } from 'node:fs'

const JOURNAL = new URL('../../../migrations/meta/_journal.json', import.meta.url)
const UNDEFINED_TABLE = '42P01'

/**
 * Whether the database has every migration of this version.
 *
 * @param query on a pool or a client of pg's
 * @throws the database's error when it cannot be asked
 */
export async function isUpToDate(
  query: (sql: string) => Promise<{ rows: { newest: string | null }[] }>,
): Promise<boolean> {
  const { entries } = JSON.parse(readFileSync(JOURNAL, 'utf8')) as { entries: { when: number }[] }
  const newestOwn = Math.max(...entries.map(({ when }) => when))
  try {
    const { rows } = await query('SELECT max(created_at) AS newest FROM drizzle.__drizzle_migrations')
    return Number(rows[0]?.newest ?? 0) >= newestOwn
  } catch (error) {
    if ((error as { code?: string }).code === UNDEFINED_TABLE) return false
    throw error
  }
}
