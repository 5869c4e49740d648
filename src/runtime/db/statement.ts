import { type Placeholder, SQL, sql } from 'drizzle-orm'
import { PgDialect } from 'drizzle-orm/pg-core'
import { prepared } from './prepared.ts'

/**
 * Returns a function that makes a statement from values. The text is built once, and each connection plans it once. For short
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
  const names: Name[] = []
  const dialect = new PgDialect()
  dialect.escapeParam = ((_: number, { name }: Placeholder<Name>) => {
    if (!names.includes(name)) names.push(name)
    return `$${names.indexOf(name) + 1}`
  }) as PgDialect['escapeParam']
  return { names, text: dialect.sqlToQuery(prepared(write(given).inlineParams())).sql }
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
