import { sql } from 'drizzle-orm'
import { IN_NOBODYS_HAND, LIVE } from '../../delivery/ledger/conditions.ts'
import { whyHalted } from '../../delivery/ledger/restore-guard.ts'
import { reportInbound } from '../../inbound/report.ts'
import { WAITING } from '../../outbox/waiting.ts'
import { reportSources, sourceInWords } from '../../papers/ingest/source-health.ts'
import { configuredSources } from '../../papers/ingest/sources/configured.ts'
import type { Services } from '../../runtime/services.ts'
import { workersRunning } from '../../runtime/worker-presence.ts'
import { type Diagnosis, doubtful, right, wrong } from './diagnosis.ts'

/** A worker takes what is due within seconds; a rate or a relay that is down moves the due time. */
const OVERDUE = '5 minutes'

type Deps = Pick<Services, 'db' | 'config' | 'now'>

/** Whether the work is being done: what is due leaves, lists are read, bounces are heard. */
export async function examineService(services: Deps): Promise<Diagnosis[]> {
  const { db, config } = services
  const halted = await whyHalted(db)
  const found: Diagnosis[] = []
  if (halted) found.push(wrong('Mailing', `halted: ${halted.why}`, 'npm run paperboy -- resume --help'))
  found.push(await examineWork(services))
  for (const source of await reportSources(services, configuredSources(services))) {
    const words = sourceInWords(source)
    const fine = source.state === 'fresh' || source.state === 'quiet'
    found.push(
      fine ? right('Papers', words) : doubtful('Papers', words, 'npm run paperboy -- papers collect says more'),
    )
  }
  if (config.BOUNCE_ADDRESS === undefined) {
    found.push(
      doubtful(
        'Inbound',
        'bounces go to the sender’s address, and dead addresses are mailed again',
        'set BOUNCE_ADDRESS, and where it is read',
      ),
    )
  } else if ((await reportInbound(services)).unread) {
    found.push(
      wrong(
        'Inbound',
        'nothing reads the mails to BOUNCE_ADDRESS',
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
  const workers = await workersRunning(db)
  if (batches + mails > 0)
    return wrong(
      'Worker',
      `${batches} batches and ${mails} service mails have been due for more than ${OVERDUE}`,
      workers > 0 ? 'a worker runs: its log says what keeps it' : 'npm run worker: none runs',
    )
  return workers > 0
    ? right('Worker', `${workers === 1 ? 'one runs' : `${workers} run`}, and nothing is overdue`)
    : doubtful('Worker', 'none runs', 'npm run worker, or npm start')
}
