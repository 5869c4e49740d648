import { sql } from 'drizzle-orm'
import { type Intake, readIntakeOutage } from '../../inbound/intake-health.ts'
import { reportInbound } from '../../inbound/report.ts'
import { moment, number, queryOne, text } from '../../runtime/db/query.ts'
import type { Attention, AttentionDeps } from './attention.ts'

/** SQL condition on `inbound_events`: proven reports that refuse our own address. Set by src/inbound/verdict.ts. */
const ABOUT_OUR_SENDER = sql`reason = 'our sender' AND authority IS NOT NULL`

const SHOWN_FOR = '1 day'

/** Receiving servers that refuse our sender address. Others will follow. */
export async function refusedSender({ db, now }: AttentionDeps): Promise<Attention[]> {
  const columns = { count: number, since: moment.nullable(), evidence: text.nullable() }
  const { count, since, evidence } = await queryOne(db, columns)`
    SELECT count(*)::int AS count, min(received_at) AS since, mode() WITHIN GROUP (ORDER BY evidence) AS evidence
    FROM inbound_events WHERE received_at > ${now()}::timestamptz - ${SHOWN_FOR}::interval AND ${ABOUT_OUR_SENDER}`
  if (count === 0) return []
  return [
    {
      name: 'sender_bounced',
      about: '',
      part: 'Sender',
      state: 'error',
      since,
      message: `${count} ${count === 1 ? 'bounce says' : 'bounces say'} that our own address is refused${evidence ? `: ${evidence}` : ''}`,
      remedy: 'check that MAIL_FROM and BOUNCE_ADDRESS accept email, and run npm run paperboy -- doctor',
      href: '/admin',
    },
  ]
}

/** A mail server that restarts is back by then, and another worker has taken over a port. */
const OUTAGE_MS = 15 * 60_000

const INTAKES: Record<Intake, { setting: 'INBOUND_IMAP_URL' | 'INBOUND_SMTP_PORT'; fails: string; remedy: string }> = {
  mailbox: {
    setting: 'INBOUND_IMAP_URL',
    fails: 'the mailbox cannot be read',
    remedy: 'check INBOUND_IMAP_URL, and run npm run paperboy -- doctor',
  },
  listener: {
    setting: 'INBOUND_SMTP_PORT',
    fails: 'no worker can listen on INBOUND_SMTP_PORT',
    remedy:
      'check INBOUND_SMTP_PORT and HOST: ports below 1024 need a permission, and no other program may have the port',
  },
}

/** A mailbox that cannot be read, for example since its password was changed, or a port that no worker may use. */
export async function failingIntake({ db, config, now }: AttentionDeps): Promise<Attention[]> {
  const found: Attention[] = []
  for (const intake of ['mailbox', 'listener'] as const) {
    const { setting, fails, remedy } = INTAKES[intake]
    const outage = config[setting] === undefined ? undefined : await readIntakeOutage(db, intake)
    if (outage === undefined || now().getTime() - outage.since.getTime() < OUTAGE_MS) continue
    const { since, failure } = outage
    const message = `${fails}: ${failure}`
    found.push({
      name: 'inbound_unread',
      about: intake,
      part: 'Inbound',
      state: 'error',
      since,
      message,
      remedy,
      href: '/admin',
    })
  }
  return found
}

/** Bounces that Paperboy does not read. */
export async function unreadInbound(services: AttentionDeps): Promise<Attention[]> {
  const common = { about: '', part: 'Inbound', since: null, href: '/admin', standing: true as const }
  if (services.config.BOUNCE_ADDRESS === undefined)
    return [
      {
        ...common,
        name: 'bounce_address_missing',
        state: 'warning',
        message: 'bounces go to the sender’s address, and dead addresses get more email',
        remedy: 'set BOUNCE_ADDRESS, and a way to read it',
      },
    ]
  if (!(await reportInbound(services)).unread) return []
  return [
    {
      ...common,
      name: 'inbound_unread',
      state: 'error',
      message: 'nothing reads the emails to BOUNCE_ADDRESS',
      remedy: 'set INBOUND_IMAP_URL or INBOUND_SMTP_PORT, or set up a pipe',
    },
  ]
}
