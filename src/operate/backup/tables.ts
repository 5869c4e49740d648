import { is } from 'drizzle-orm'
import { getTableConfig, PgTable } from 'drizzle-orm/pg-core'
import type pg from 'pg'
import * as schema from '../../runtime/db/schema.ts'
import { isOfThisVersion } from '../../runtime/db/up-to-date.ts'

const OURS: ReadonlySet<string> = new Set(
  (Object.values(schema) as unknown[])
    .filter((each): each is PgTable => is(each, PgTable))
    .map((table) => getTableConfig(table).name),
)

/** A table with the columns that a backup stores. Generated columns are computed again. */
export interface StoredTable {
  name: string
  columns: string[]
}

/** SQL: whether statements mean this table `c` when they give no schema. */
const IN_SEARCH_PATH = `pg_table_is_visible(c.oid) AND c.relnamespace <> 'pg_catalog'::regnamespace`

/**
 * Returns Paperboy's tables, each after those it refers to, in whichever schema the role's search_path finds them: `public`, or one
 * named after the role. A partitioned table stands for its partitions.
 * The queue is another schema: it only wakes workers, and PostgreSQL has all they need. In a database of another version, tables of
 * other programs cannot be recognised, and are returned too.
 */
export async function readTables(client: pg.Client): Promise<StoredTable[]> {
  const { rows } = await client.query<{ name: string; columns: string[]; refers: string[] }>(`
    SELECT c.relname AS name,
      ARRAY(
        SELECT a.attname::text FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY a.attnum
      ) AS columns,
      ARRAY(
        SELECT DISTINCT f.confrelid::regclass::text FROM pg_constraint f
        WHERE f.conrelid = c.oid AND f.contype = 'f' AND f.confrelid <> c.oid
      ) AS refers
    FROM pg_class c
    WHERE ${IN_SEARCH_PATH} AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY c.relname`)
  const isOurs = (await isOfThisVersion((text) => client.query(text))) ? (name: string) => OURS.has(name) : () => true
  const ordered: StoredTable[] = []
  const add = (name: string): void => {
    const table = rows.find((each) => each.name === name)
    if (!table || ordered.some((each) => each.name === name)) return
    for (const other of table.refers) add(other)
    ordered.push({ name, columns: table.columns })
  }
  for (const { name } of rows) if (isOurs(name)) add(name)
  return ordered
}

/** Returns every sequence of these tables with its last value; null when it was never used. */
export async function readSequences(
  client: pg.Client,
  tables: readonly StoredTable[],
): Promise<{ name: string; last: string | null }[]> {
  const { rows } = await client.query<{ name: string; last: string | null }>(
    `SELECT s.relname AS name, pg_sequence_last_value(s.oid)::text AS last
    FROM pg_class s JOIN pg_depend d ON d.objid = s.oid AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
      JOIN pg_class c ON c.oid = d.refobjid
    WHERE s.relkind = 'S' AND ${IN_SEARCH_PATH} AND c.relname = ANY($1) ORDER BY 1`,
    [tables.map(({ name }) => name)],
  )
  return rows
}

/** Returns the editions whose deliveries have a partition. */
export async function readPartitions(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>(`
    SELECT substring(pg_get_expr(c.relpartbound, c.oid) from '\\d+') AS id FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'deliveries'::regclass AND pg_get_expr(c.relpartbound, c.oid) <> 'DEFAULT' ORDER BY 1`)
  return rows.map(({ id }) => id)
}

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`
