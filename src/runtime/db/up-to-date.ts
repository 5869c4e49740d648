import { readFileSync } from 'node:fs'

const JOURNAL = new URL('../../../migrations/meta/_journal.json', import.meta.url)
const UNDEFINED_TABLE = '42P01'

type Query = (sql: string) => Promise<{ rows: { oldest: string | null; newest: string | null }[] }>

/**
 * Returns whether the database has every migration of this version.
 *
 * @param query of a pg pool or client
 * @throws the database's error if the query fails
 */
export async function isUpToDate(query: Query): Promise<boolean> {
  const { newest } = await appliedMigrations(query)
  return newest >= Math.max(...ownMigrations())
}

/** Whether the newest migration of the database is this version's: neither an earlier nor a later one. */
export async function isOfThisVersion(query: Query): Promise<boolean> {
  const { newest } = await appliedMigrations(query)
  return newest === Math.max(...ownMigrations())
}

/** Whether the database has migrations from before the set was squashed for 0.1.0: drizzle would run the new set on top of them. */
export async function isOfDevelopmentVersion(query: Query): Promise<boolean> {
  const { oldest } = await appliedMigrations(query)
  return oldest > 0 && oldest < Math.min(...ownMigrations())
}

/**
 * Returns the journal times of the migrations that the database lacks, oldest first, and whether it has none yet.
 *
 * @throws the database's error if the query fails
 */
export async function findPending(query: Query): Promise<{ pending: number[]; isNew: boolean }> {
  const { newest } = await appliedMigrations(query)
  return { pending: ownMigrations().filter((when) => when > newest), isNew: newest === 0 }
}

function ownMigrations(): number[] {
  const { entries } = JSON.parse(readFileSync(JOURNAL, 'utf8')) as { entries: { when: number }[] }
  return entries.map(({ when }) => when)
}

/** Returns the journal times of the oldest and newest migration in the database; 0 without any. */
async function appliedMigrations(query: Query): Promise<{ oldest: number; newest: number }> {
  try {
    const { rows } = await query(
      'SELECT min(created_at) AS oldest, max(created_at) AS newest FROM drizzle.__drizzle_migrations',
    )
    return { oldest: Number(rows[0]?.oldest ?? 0), newest: Number(rows[0]?.newest ?? 0) }
  } catch (error) {
    if ((error as { code?: string }).code === UNDEFINED_TABLE) return { oldest: 0, newest: 0 }
    throw error
  }
}
