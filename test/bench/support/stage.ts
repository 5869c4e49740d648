import { sql } from 'drizzle-orm'
import { pino } from 'pino'
import { planAll } from '../../../src/delivery/plan/plan-all.ts'
import { openTemporaryDatabase } from '../../../src/embedded/temporary-database.ts'
import { ensureFirstEdition } from '../../../src/local/first-edition.ts'
import { type Config, readEnvironment, requireComplete } from '../../../src/runtime/config/config.ts'
import { databaseOn, migrate, openPool } from '../../../src/runtime/db/database.ts'
import { editions } from '../../../src/runtime/db/schema.ts'
import type { Services } from '../../../src/runtime/services.ts'

/** A temporary PostgreSQL with production settings and a released edition of the sample papers. */
export interface Stage {
  /** environment for a process of the product; the caller sets SMTP_URL */
  env: Record<string, string>
  services: Pick<Services, 'db' | 'config' | 'keys' | 'log' | 'now'>
  edition: { id: number; date: string }
  folder: string
}

export async function openStage(stack: AsyncDisposableStack): Promise<Stage> {
  const { url, folder } = await openTemporaryDatabase(stack)
  await migrate(url)
  const env = {
    NODE_ENV: 'production',
    DATABASE_URL: url,
    SMTP_URL: 'smtp://127.0.0.1:1',
    PUBLIC_URL: 'https://paperboy.example',
    MAIL_FROM: 'Paperboy <papers@paperboy.example>',
    POSTAL_ADDRESS: '1 Press Street, Inkwell',
    SECRET_KEY: 'a key for benchmarks that is thirty-two bytes long at least',
    SUPPRESSION_KEY: 'another key for benchmarks that is as long as it has to be',
    PAPER_SOURCES: 'none',
    LOG_LEVEL: 'error',
  }
  const config: Config = requireComplete(readEnvironment(env))
  const pool = stack.adopt(
    openPool(url, () => {}),
    (each) => each.end(),
  )
  const log = pino({ level: 'silent' })
  const keys = { current: config.SECRET_KEY, previous: [] }
  const services = { db: databaseOn(pool), config, keys, log, now: () => new Date() }
  // Making an edition needs no queue.
  const first = await ensureFirstEdition(services as unknown as Services, [])
  const [edition] = await services.db.select({ id: editions.id }).from(editions)
  return { env, services, folder, edition: { id: edition!.id, date: first!.date } }
}

/** Adds active readers reader-1@reader.example to reader-N@reader.example in one statement. */
export async function addReaders({ services }: Stage, count: number): Promise<void> {
  await services.db.execute(sql`
    INSERT INTO subscribers (email, email_key, address_hash, status, next_digest_at, confirmed_at)
    SELECT email, email, decode(md5(email) || md5(email || '2'), 'hex'), 'active', now() + interval '1 day', now()
    FROM (SELECT 'reader-' || n || '@reader.example' AS email FROM generate_series(1, ${count}::int) AS n) AS made`)
  await services.db.execute(sql`ANALYZE subscribers`)
}

/** Plans the edition for the first `readers` readers, after deleting any earlier plan. */
export async function planAfresh({ services, edition }: Stage, readers: number): Promise<void> {
  const { db } = services
  await db.execute(sql`TRUNCATE deliveries`)
  await db.execute(sql`DELETE FROM batches`)
  await db.execute(sql`UPDATE editions SET state = 'released', send_all_at = now(), planned_at = NULL, sent_at = NULL
    WHERE id = ${edition.id}`)
  await db.execute(sql`UPDATE subscribers SET paused_until = CASE WHEN id > ${readers} THEN 'infinity'::timestamptz END
    WHERE (id > ${readers}) <> (paused_until IS NOT NULL)`)
  await planAll(services, edition.id)
  await db.execute(sql`CHECKPOINT`)
}
