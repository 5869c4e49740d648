import { sql } from 'drizzle-orm'
import type { Db } from '../runtime/db/database.ts'
import { queryColumn, text } from '../runtime/db/query.ts'
import type { Line, Row } from './import-rows.ts'

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

  /** Returns the problem with a row's zone, after `learn` saw its line. */
  problemOf({ line, zone }: Row): string | undefined {
    return this.#known.has(zone)
      ? undefined
      : `line ${line}: time zone "${zone}" is not known. Write it like Europe/Berlin.`
  }
}
