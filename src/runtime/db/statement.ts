import { type Placeholder, SQL, sql } from 'drizzle-orm'
import { PgDialect } from 'drizzle-orm/pg-core'
import { prepared } from './prepared.ts'

/**
 * Returns a function that makes a statement of its values. Its text is built once, and each connection plans it once. For short
 * statements that run often: drizzle takes longer to build one than the driver takes to send it.
 *
 * @param write writes the statement. Its argument stands for the values, each of which is one parameter, however often it occurs.
 *   Other values become literals, so an array has to be a literal of PostgreSQL
 */
export function statement<Name extends string>(
  write: (given: Record<Name, SQL>) => SQL,
): (values: Record<Name, unknown>) => SQL {
  let built: { text: string; names: Name[] } | undefined
  return (values) => {
    built ??= build(write)
    return new Built(
      built.text,
      built.names.map((name) => values[name]),
    )
  }
}

function build<Name extends string>(write: (given: Record<Name, SQL>) => SQL): { text: string; names: Name[] } {
  const given = new Proxy({} as Record<Name, SQL>, { get: (_, name) => sql`${sql.placeholder(String(name))}` })
  const query = new PgDialect().sqlToQuery(prepared(write(given).inlineParams()))
  const all = query.params.map((each) => (each as Placeholder<Name>).name)
  const names = [...new Set(all)]
  return { names, text: query.sql.replace(/\$(\d+)/g, (_, nth) => `$${names.indexOf(all[Number(nth) - 1]!) + 1}`) }
}

/** A statement that drizzle need not build. */
class Built extends SQL {
  private readonly text: string
  private readonly values: unknown[]

  constructor(text: string, values: unknown[]) {
    super([])
    this.text = text
    this.values = values
  }

  override toQuery() {
    return { sql: this.text, params: this.values }
  }
}
