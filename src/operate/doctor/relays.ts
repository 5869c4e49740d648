import { redact } from '../../lib/redact.ts'
import { adviseConnections, measureRoundTrip } from '../../relay/round-trip.ts'
import { openSession } from '../../relay/smtp-session.ts'
import type { Config } from '../../runtime/config/config.ts'
import { parseRelays, type RelaySettings } from '../../runtime/config/relay-settings.ts'
import { type Diagnosis, failure, ok, warning } from './diagnosis.ts'

/** Connects and logs in to each relay, without sending. */
export const checkRelays = ({
  SMTP_URL,
  SMTP_CONNECTIONS,
}: Pick<Config, 'SMTP_URL' | 'SMTP_CONNECTIONS'>): Promise<Diagnosis[]> =>
  Promise.all(parseRelays(SMTP_URL, SMTP_CONNECTIONS).map(checkRelay))

async function checkRelay(settings: RelaySettings): Promise<Diagnosis> {
  const part = `Relay ${settings.name}`
  let roundTripMs: number
  try {
    const session = await openSession(settings)
    roundTripMs = await measureRoundTrip(session)
    session.quit()
  } catch (error) {
    return failure(part, redact((error as Error).message), 'check SMTP_URL: host, port, login and TLS')
  }
  if (!settings.secure && !settings.requireTLS && !isNear(settings.host))
    return warning(part, 'login works, but the connection is not always encrypted', 'add requireTLS=true to its URL')
  return ok(
    part,
    `${settings.auth ? 'login' : 'connection'} works${describeDistance(roundTripMs, settings.connections)}`,
  )
}

function describeDistance(roundTripMs: number, connections: number): string {
  if (roundTripMs === Number.POSITIVE_INFINITY) return ''
  const answers = `; a reply takes ${roundTripMs < 1 ? 'under 1' : Math.round(roundTripMs)} ms`
  const advice = adviseConnections(roundTripMs, connections)
  if (!advice) return answers
  return `${answers}, so ${connections} connections carry at most ${advice.perSecond} emails a second. If the relay allows ${advice.connections}, a large list is sent faster`
}

/** True for a host on this machine or in the same container network. */
export const isNear = (host: string): boolean => /^127\.|^::1$/.test(host) || !/[.:]/.test(host)
