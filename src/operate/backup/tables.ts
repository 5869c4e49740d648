import type pg from 'pg'

/** A table with the columns that a backup stores. Generated columns are computed again. */
export interface StoredTable {
  name: string
  columns: string[]
}

/**
 * Returns the tables of the schema `public`, each after those it refers to. A partitioned table stands for its partitions.
 * The queue is another schema: it only wakes workers, and PostgreSQL has all they need.
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
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY c.relname`)
  const ordered: StoredTable[] = []
  const add = (name: string): void => {
    const table = rows.find((each) => each.name === name)
    if (!table || ordered.some((each) => each.name === name)) return
    for (const other of table.refers) add(other)
    ordered.push({ name, columns: table.columns })
  }
  for (const { name } of rows) add(name)
  return ordered
}

/** Returns every sequence of the schema with its last value; null when it was never used. */
export async function readSequences(client: pg.Client): Promise<{ name: string; last: string | null }[]> {
  const { rows } = await client.query<{ name: string; last: string | null }>(
    `SELECT sequencename AS name, last_value::text AS last FROM pg_sequences WHERE schemaname = 'public' ORDER BY 1`,
  )
  return rows
}

/** Returns the editions whose deliveries have a partition. */
export async function readPartitions(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>(`
    SELECT substring(pg_get_expr(c.relpartbound, c.oid) from '\\d+') AS id FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'public.deliveries'::regclass AND pg_get_expr(c.relpartbound, c.oid) <> 'DEFAULT' ORDER BY 1`)
  return rows.map(({ id }) => id)
}

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`
