import { sql } from 'drizzle-orm'
import { parseRelays, type RelaySettings } from '../../runtime/config/relay-settings.ts'
import type { Services } from '../../runtime/services.ts'
import { deliveryNeedsAttempt } from '../ledger/conditions.ts'

/** How long what is open of an edition will take, and whether it is out before the first of it expires. */
export interface SendPlan {
  mails: number
  /** mails a second: what the settings allow, or what the last minute showed; null when neither says */
  ratePerSecond: number | null
  doneAt: Date | null
  /** when the first of the open deliveries expires */
  windowEnds: Date | null
  fits: boolean | null
}

export async function sendPlan(
  { db, config, now }: Pick<Services, 'db' | 'config' | 'now'>,
  editionId: number,
): Promise<SendPlan> {
  const { rows } = await db.execute<{ mails: string; ends: string | null; minute: string }>(sql`
    SELECT count(*) FILTER (WHERE d.state = 'handed' OR ${deliveryNeedsAttempt(config.UNKNOWN_POLICY)}) AS mails,
      min(d.expires_at) FILTER (WHERE ${deliveryNeedsAttempt(config.UNKNOWN_POLICY)}) AS ends,
      count(*) FILTER (WHERE d.state = 'accepted' AND d.settled_at > ${now()}::timestamptz - interval '1 minute') AS minute
    FROM deliveries d WHERE d.edition_id = ${editionId}`)
  const mails = Number(rows[0]!.mails)
  const windowEnds = rows[0]!.ends === null ? null : new Date(rows[0]!.ends)
  const relays = parseRelays(config.SMTP_URL, config.SMTP_CONNECTIONS)
  const rate = Math.min(
    config.SEND_RATE_PER_SECOND ?? Infinity,
    rateOf(relays),
    Number(rows[0]!.minute) / 60 || Infinity,
  )
  const doneAt = doneBy({ mails, rate, today: allowedToday(relays, now()), at: now() })
  return {
    mails,
    ratePerSecond: Number.isFinite(rate) ? rate : null,
    doneAt,
    windowEnds,
    fits: doneAt === null || windowEnds === null ? null : doneAt <= windowEnds,
  }
}

/** What all relays take together; without limit where one has none. */
const rateOf = (relays: RelaySettings[]): number =>
  relays.reduce((sum, { ratePerSecond }) => sum + (ratePerSecond ?? Infinity), 0)

/** How many mails the warm-up curves let go on a day, over all relays. */
const allowedToday = (relays: RelaySettings[], at: Date): number =>
  relays.reduce((sum, { warmup }) => {
    if (!warmup) return Infinity
    const day = Math.floor((at.getTime() - Date.parse(warmup.from)) / 86_400_000)
    return sum + (day < 0 ? Infinity : (warmup.perDay[day] ?? Infinity))
  }, 0)

/** @returns null when nothing says how fast it goes; what a warm-up keeps for another day is not done before that begins */
function doneBy({ mails, rate, today, at }: { mails: number; rate: number; today: number; at: Date }): Date | null {
  if (mails > today) return new Date(Math.ceil((at.getTime() + 1) / 86_400_000) * 86_400_000)
  if (!Number.isFinite(rate)) return null
  return new Date(at.getTime() + (mails / rate) * 1000)
}

/** "240,000 mails at 50/s: done 08:20; window ends 08:30: fits" */
export function planInWords({ mails, ratePerSecond, doneAt, windowEnds, fits }: SendPlan, at: Date): string {
  const rate = ratePerSecond === null ? 'as fast as the relay accepts' : `at ${shortNumber(ratePerSecond)}/s`
  const done = doneAt === null ? '' : `; done by ${clockTime(doneAt, at)}`
  const window = windowEnds === null ? '' : `; window ends ${clockTime(windowEnds, at)}`
  const verdict = fits === null ? '' : fits ? ', in time' : ', too late: the rest will expire'
  return `${mails.toLocaleString('en')} emails ${rate}${done}${window}${verdict}`
}

const shortNumber = (value: number): string => value.toLocaleString('en', { maximumSignificantDigits: 3 })

/** The hour in UTC, with the day where it is another. */
function clockTime(time: Date, at: Date): string {
  const [day, clock] = [time.toISOString().slice(0, 10), time.toISOString().slice(11, 16)]
  return day === at.toISOString().slice(0, 10) ? `${clock} UTC` : `${day} ${clock} UTC`
}
