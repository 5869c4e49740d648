import { counted } from '../../lib/counted.ts'
import { parseRelays, type RelaySettings } from '../../runtime/config/relay-settings.ts'
import { bigint, moment, queryOne } from '../../runtime/db/query.ts'
import type { Services } from '../../runtime/services.ts'
import { deliveryIsOpen, deliveryNeedsAttempt } from '../ledger/conditions.ts'

/** How long an edition's open deliveries will take, and whether they finish before the first one expires. */
export interface SendPlan {
  /** open deliveries */
  emails: number
  /** emails a second: the configured limit or the last minute's rate, whichever is lower; null when neither is known */
  ratePerSecond: number | null
  doneAt: Date | null
  /** when the first open delivery expires */
  windowEnds: Date | null
  fits: boolean | null
}

/** Computes the plan from the settings and the last minute. */
export async function sendPlan(
  { db, config, now }: Pick<Services, 'db' | 'config' | 'now'>,
  editionId: number,
): Promise<SendPlan> {
  const columns = { emails: bigint, windowEnds: moment.nullable(), minute: bigint }
  const { emails, windowEnds, minute } = await queryOne(db, columns)`
    SELECT count(*) FILTER (WHERE ${deliveryIsOpen(config.UNKNOWN_POLICY)}) AS emails,
      min(d.expires_at) FILTER (WHERE ${deliveryNeedsAttempt(config.UNKNOWN_POLICY)}) AS window_ends,
      count(*) FILTER (WHERE d.state = 'accepted' AND d.settled_at > ${now()}::timestamptz - interval '1 minute') AS minute
    FROM deliveries d WHERE d.edition_id = ${editionId}`
  const relays = parseRelays(config.SMTP_URL, config.SMTP_CONNECTIONS)
  const rate = Math.min(config.SEND_RATE_PER_SECOND ?? Infinity, rateOf(relays), minute / 60 || Infinity)
  const doneAt = doneBy({ emails, rate, today: allowedToday(relays, now()), at: now() })
  return {
    emails,
    ratePerSecond: Number.isFinite(rate) ? rate : null,
    doneAt,
    windowEnds,
    fits: doneAt === null || windowEnds === null ? null : doneAt <= windowEnds,
  }
}

/** Returns the summed rate limit of all relays; Infinity if one has none. */
const rateOf = (relays: RelaySettings[]): number =>
  relays.reduce((sum, { ratePerSecond }) => sum + (ratePerSecond ?? Infinity), 0)

/** Returns how many emails the warm-up curves of all relays allow on a day. */
const allowedToday = (relays: RelaySettings[], at: Date): number =>
  relays.reduce((sum, { warmup }) => {
    if (!warmup) return Infinity
    const day = Math.floor((at.getTime() - Date.parse(warmup.from)) / 86_400_000)
    return sum + (day < 0 ? Infinity : (warmup.perDay[day] ?? Infinity))
  }, 0)

/** Returns null when no rate is known. Emails over today's warm-up limit finish tomorrow at the earliest. */
function doneBy({ emails, rate, today, at }: { emails: number; rate: number; today: number; at: Date }): Date | null {
  if (emails > today) return new Date(Math.ceil((at.getTime() + 1) / 86_400_000) * 86_400_000)
  if (!Number.isFinite(rate)) return null
  return new Date(at.getTime() + (emails / rate) * 1000)
}

/** Formats a plan: "240,000 emails at 50/s; done by 08:20 UTC; window ends 08:30 UTC, in time". */
export function describePlan({ emails, ratePerSecond, doneAt, windowEnds, fits }: SendPlan, at: Date): string {
  if (emails === 0) return 'No email is left to send'
  const rate = ratePerSecond === null ? 'as fast as the relay accepts' : `at ${shortNumber(ratePerSecond)}/s`
  const done = doneAt === null ? '' : `; done by ${clockTime(doneAt, at)}`
  const window = windowEnds === null ? '' : `; window ends ${clockTime(windowEnds, at)}`
  const verdict = fits === null ? '' : fits ? ', in time' : ', too late: the rest will expire'
  return `${counted(emails, 'email')} ${rate}${done}${window}${verdict}`
}

const shortNumber = (value: number): string => value.toLocaleString('en', { maximumSignificantDigits: 3 })

/** Formats the time in UTC, with the date if it is not today. */
function clockTime(time: Date, at: Date): string {
  const [day, clock] = [time.toISOString().slice(0, 10), time.toISOString().slice(11, 16)]
  return day === at.toISOString().slice(0, 10) ? `${clock} UTC` : `${day} ${clock} UTC`
}
