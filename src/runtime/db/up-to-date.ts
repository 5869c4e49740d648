import { readFileSync } from 'node:fs'

const JOURNAL = new URL('../../../migrations/meta/_journal.json', import.meta.url)
const UNDEFINED_TABLE = '42P01'

/**
 * Returns whether the database has every migration of this version.
 *
 * @param query of a pg pool or client
 * @throws the database's error when it is unreachable
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
