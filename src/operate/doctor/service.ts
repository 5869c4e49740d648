import { sql } from 'drizzle-orm'
import { IN_NOBODYS_HAND, LIVE } from '../../delivery/ledger/conditions.ts'
import { whyHalted } from '../../delivery/ledger/restore-guard.ts'
import { reportInbound } from '../../inbound/report.ts'
import { WAITING } from '../../outbox/waiting.ts'
import { reportSources, sourceInWords } from '../../papers/ingest/source-health.ts'
import { configuredSources } from '../../papers/ingest/sources/configured.ts'
import type { Services } from '../../runtime/services.ts'
import { workerRuns } from '../../runtime/worker-presence.ts'
import { type Diagnosis, doubtful, right, wrong } from './diagnosis.ts'

/** Workers take due work within seconds; rate limits and relays that are down move the due time. */
const OVERDUE = '5 minutes'

type Deps = Pick<Services, 'db' | 'config' | 'now'>

/** Checks that the service works: due email is sent, lists are read, bounces arrive. */
export async function examineService(services: Deps): Promise<Diagnosis[]> {
  const { db, config } = services
  const halted = await whyHalted(db)
  const found: Diagnosis[] = []
  if (halted) found.push(wrong('Mailing', `halted: ${halted.why}`, 'npm run paperboy -- resume --after-restore --help'))
  found.push(await examineWork(services))
  for (const source of await reportSources(services, configuredSources(services))) {
    const words = sourceInWords(source)
    const fine = source.state === 'fresh' || source.state === 'quiet'
    found.push(
      fine ? right('Papers', words) : doubtful('Papers', words, 'run npm run paperboy -- papers collect for details'),
    )
  }
  if (config.BOUNCE_ADDRESS === undefined) {
    found.push(
      doubtful(
        'Inbound',
        'bounces go to the sender’s address, so dead addresses get email again',
        'set BOUNCE_ADDRESS, and a way to read its mailbox',
      ),
    )
  } else if ((await reportInbound(services)).unread) {
    found.push(
      wrong(
        'Inbound',
        'no reader is set up for BOUNCE_ADDRESS',
        'set INBOUND_IMAP_URL or INBOUND_SMTP_PORT, or set up a pipe',
      ),
    )
  }
  return found
}

async function examineWork({ db, now }: Deps): Promise<Diagnosis> {
  const { rows } = await db.execute<{ batches: number; mails: number }>(sql`
    SELECT (SELECT count(*)::int FROM batches b JOIN editions e ON e.id = b.edition_id
        WHERE ${LIVE} AND ${IN_NOBODYS_HAND} AND b.due_at < ${now()}::timestamptz - ${OVERDUE}::interval) AS batches,
      (SELECT count(*)::int FROM outbox
        WHERE ${WAITING} AND due_at < ${now()}::timestamptz - ${OVERDUE}::interval) AS mails`)
  const { batches, mails } = rows[0]!
  const runs = await workerRuns(db)
  if (batches + mails > 0)
    return wrong(
      'Worker',
      `${batches} batches and ${mails} service emails are overdue by more than ${OVERDUE}`,
      runs ? 'a worker is running: check its log' : 'no worker is running: npm run worker',
    )
  return runs
    ? right('Worker', 'running, nothing is overdue')
    : doubtful('Worker', 'not running', 'npm run worker, or npm start')
}
