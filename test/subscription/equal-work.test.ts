import { sql } from 'drizzle-orm'
import { expect, onTestFinished } from 'vitest'
import { addressHash } from '../../src/mail/address.ts'
import type { Db } from '../../src/runtime/db/database.ts'
import { suppress } from '../../src/suppression/suppress.ts'
import { form, siteOn } from '../http/site.ts'
import { test } from '../support/database.ts'
import { makeProof } from '../support/proof.ts'
import { addSubscriber, NOON, servicesOn, testConfig } from '../support/services.ts'
import { watchedDatabase } from '../support/statements.ts'

const barred = (db: Db, email: string) =>
  suppress(db, [{ hash: addressHash(testConfig().SUPPRESSION_KEY, email), reason: 'complaint' }], NOON)

const KINDS: Record<string, (db: Db, email: string) => Promise<unknown>> = {
  unknown: async () => {},
  pending: (db, email) => addSubscriber(db, email, { status: 'pending' }),
  active: (db, email) => addSubscriber(db, email),
  unsubscribed: (db, email) => addSubscriber(db, email, { status: 'unsubscribed' }),
  bounced: (db, email) => addSubscriber(db, email, { status: 'bounced' }),
  complained: async (db, email) => [await addSubscriber(db, email, { status: 'complained' }), await barred(db, email)],
  suppressed: barred,
}

/** Durable row versions by table: a commit waits for the disk exactly where there is one. */
async function versions(db: Db): Promise<Record<string, Set<string>>> {
  const { rows } = await db.execute<{ name: string; version: string }>(sql`
    SELECT 'outbox' AS name, xmin::text || ' ' || ctid::text AS version FROM outbox
    UNION ALL SELECT 'subscribers', xmin::text || ' ' || ctid::text FROM subscribers`)
  const of = (name: string) => new Set(rows.filter((row) => row.name === name).map(({ version }) => version))
  return { outbox: of('outbox'), subscribers: of('subscribers') }
}

test.for(['/subscribe', '/api/v1/subscriptions', '/manage'])(
  '%s, once and again concurrently: the same statements and row counts, whether or not the address is known',
  async (url, { db, databaseUrl }) => {
    const watched = watchedDatabase(databaseUrl)
    const { app, services } = siteOn(servicesOn(watched.db, { DATABASE_URL: databaseUrl }))
    onTestFinished(async () => {
      await app.close()
      await watched.close()
    })
    const seen: Record<string, object[]> = {}
    for (const [kind, make] of Object.entries(KINDS)) {
      const email = `${kind}@example.org`
      await make(db, email)
      seen[kind] = []
      for (let time = 1; time <= 2; time++) {
        const proof = await makeProof(services.config.SECRET_KEY, new Date(NOON.getTime() - 5_000))
        const before = await versions(db)
        watched.statements.length = 0
        const posted = url.startsWith('/api') ? { payload: { email, proof } } : form({ email, proof })
        const { statusCode } = await app.inject({ method: 'POST', url, ...posted })
        const after = await versions(db)
        const written = Object.fromEntries(
          Object.entries(after).map(([name, now]) => [
            name,
            [...now].filter((version) => !before[name]!.has(version)).length,
          ]),
        )
        seen[kind].push({ statusCode, written, statements: [...watched.statements] })
      }
    }
    for (const [kind, work] of Object.entries(seen)) expect({ kind, work }).toEqual({ kind, work: seen.unknown })
    const rows = url === '/manage' ? { outbox: 1, subscribers: 0 } : { outbox: 1, subscribers: 1 }
    expect(seen.unknown).toMatchObject([{ written: rows }, { written: { outbox: 0, subscribers: 0 } }])
  },
)
