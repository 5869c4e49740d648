import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { planAll } from '../../src/delivery/plan/plan-all.ts'
import { assemble } from '../../src/edition/draft/assemble.ts'
import { release } from '../../src/edition/draft/release.ts'
import { importFile } from '../../src/papers/ingest/import-file.ts'
import type { Db } from '../../src/runtime/db/database.ts'
import { submissions } from '../../src/runtime/db/schema.ts'
import type { Services } from '../../src/runtime/services.ts'

/** Adds readers of every kind: statuses, schedules, topics, domains and days of joining, evenly mixed. No two tests differ. */
async function addManyReaders(db: Db, count: number): Promise<void> {
  await db.execute(sql`
    INSERT INTO subscribers (email, email_key, address_hash, status, cadence, locale, topics, next_digest_at, requested_at, confirmed_at,
      first_confirmed_at, left_at, consent_origin, consent_form, created_at, updated_at)
    SELECT email, email, sha256(email::bytea), status::subscriber_status, (ARRAY['daily', 'daily', 'weekdays', 'weekly'])[n % 4 + 1]::cadence,
      (ARRAY['en', 'en', 'en', 'de'])[n % 4 + 1], ARRAY[topic], '2026-04-16T08:00Z', joined,
      CASE WHEN status <> 'pending' THEN joined + interval '1 hour' END, CASE WHEN status <> 'pending' THEN joined + interval '1 hour' END,
      CASE WHEN status = 'unsubscribed' THEN joined + interval '5 days' END, 'x', 'web form 2026-11', joined, joined + interval '6 days'
    FROM (
      SELECT n, 'reader-' || n || '@' || (ARRAY['gmail.example', 'uni.example', 'lab.example', 'gmail.example', 'mail.example'])[n % 5 + 1] AS email,
        CASE WHEN n % 50 = 0 THEN 'complained' WHEN n % 25 = 1 THEN 'bounced' WHEN n % 10 = 2 THEN 'unsubscribed' WHEN n % 20 = 3 THEN 'pending'
          ELSE 'active' END AS status,
        coalesce((SELECT topics[1] FROM papers WHERE topics <> '{}' ORDER BY id OFFSET n % 40 LIMIT 1), 'robotics') AS topic,
        '2026-04-15T09:00Z'::timestamptz - make_interval(mins => (${count} - n) * 20) AS joined
      FROM generate_series(1, ${count}::int) AS n
    ) AS given ORDER BY n`)
  await db.execute(sql`ANALYZE subscribers`)
}

/** A desk after a working day: real papers of two April days, an edition sent to many readers, votes, bounces and suggestions. */
export async function furnishDesk(services: Services, readers: number): Promise<void> {
  const { db, now } = services
  for (const day of ['2026-04-14', '2026-04-15'])
    await importFile({ db, now, closeHourUtc: 2 }, join(import.meta.dirname, `../fixtures/papers/${day}.json.gz`), {})
  await addManyReaders(db, readers)
  const { editionId } = await assemble(services, { date: '2026-04-14' })
  await release(services, { date: '2026-04-14' })
  await planAll(services, editionId)
  await db.execute(sql`
    UPDATE deliveries SET handed_at = ${now()}, relay = 'main', reply = '250 2.0.0 Ok: queued',
      state = (CASE subscriber_id % 100 WHEN 5 THEN 'refused' WHEN 8 THEN 'deferred' ELSE 'accepted' END)::delivery_state`)
  await db.execute(sql`
    INSERT INTO votes SELECT s.id, p.id, '2026-04-01'::timestamptz + make_interval(hours => (s.id * 7 % 350)::int), ''
    FROM subscribers s JOIN (SELECT id, row_number() OVER (ORDER BY id) AS place FROM papers) p ON s.id % (p.place * 3) = 1
    WHERE s.status = 'active' AND s.id < 1500 ON CONFLICT DO NOTHING`)
  await db.execute(sql`
    INSERT INTO marks SELECT subscriber_id, paper_id, 'saved', cast_at FROM votes WHERE subscriber_id % 4 <> 1`)
  await db.execute(sql`
    INSERT INTO inbound_events (received_at, source, fingerprint, class, reason, authority, subscriber_id, edition_id, did, status, evidence)
    SELECT ${now()}::timestamptz - make_interval(mins => n), 'imap', n::text::bytea, (ARRAY['hard', 'soft', 'autoreply', 'complaint'])[n % 4 + 1],
      (ARRAY['unknown', 'full', 'autoreply', 'abuse'])[n % 4 + 1], CASE WHEN n % 9 > 0 THEN 'return path' END, CASE WHEN n % 9 > 0 THEN n END,
      CASE WHEN n % 9 > 0 THEN ${editionId}::bigint END, CASE WHEN n % 9 = 0 OR n % 4 = 2 THEN 'nothing' WHEN n % 4 = 1 THEN 'counted' ELSE 'suppressed' END,
      '5.1.1', '550 5.1.1 <[address]>: Recipient address rejected: User unknown in virtual mailbox table'
    FROM generate_series(1, 120) AS n`)
  await db.insert(submissions).values(
    ['1706.03762', '2604.00001', '2604.00002'].map((arxivId, index) => ({
      arxivId,
      state: 'found' as const,
      found: {
        ...{
          source: 'arxiv',
          sourceId: arxivId,
          title: `A suggested paper with quite a long title, number ${index + 1}`,
        },
        ...{ abstract: 'It works.', authors: ['Ada Lovelace'], keywords: [], categories: [], raw: {} },
      },
    })),
  )
  await db.execute(sql`
    INSERT INTO source_reads (source, list_day, read_at, papers) SELECT 'hf', day, ${now()}, 60
    FROM generate_series('2026-04-02'::date, '2026-04-15', '1 day') AS day WHERE day <> '2026-04-08'`)
  await db.execute(sql`
    INSERT INTO source_health (source, read_at, changed_at) VALUES ('hf', ${now()}, ${now()}) ON CONFLICT DO NOTHING`)
  await db.execute(
    sql`INSERT INTO polls VALUES ('hf', '2026-04-14', '2026-04-14T01:00Z'), ('hf', '2026-04-14', '2026-04-14T06:30Z')`,
  )
}
