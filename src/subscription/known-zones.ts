import { sql } from 'drizzle-orm'
import type { Db } from '../runtime/db/database.ts'
import { queryColumn, text } from '../runtime/db/query.ts'
import { keptOf, type Line } from './import-rows.ts'

/** The time zones of an import that the database knows. It asks once for each. */
export class KnownZones {
  readonly #db: Db
  readonly #known = new Set<string>()

  constructor(db: Db) {
    this.#db = db
  }

  async learn(lines: readonly Line[]): Promise<void> {
    const unseen = new Set<string>()
    for (const line of lines) if ('row' in line && !this.#known.has(line.row.zone)) unseen.add(line.row.zone)
    if (unseen.size === 0) return
    const known = await queryColumn(this.#db, text)`
      SELECT zone FROM unnest(${sql.param([...unseen])}::text[]) AS zone WHERE is_zone(zone)`
    for (const zone of known) this.#known.add(zone)
  }

  /** Returns the line, or its problem if its zone is not known. `learn` must have seen it. */
  check(line: Line): Line {
    if (!('row' in line) || this.#known.has(line.row.zone)) return line
    const { row } = line
    const problem = `line ${row.line}: time zone "${row.zone}" is not known. Write it like Europe/Berlin.`
    return { problem, ...keptOf({ ...row, zone: 'UTC' }) }
  }
}
