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
    return explain(part, settings, redact((error as Error).message))
  }
  if (!settings.secure && !settings.requireTLS && !isNear(settings.host))
    return warning(part, 'login works, but the connection is not always encrypted', 'add requireTLS=true to its URL')
  return ok(
    part,
    `${settings.auth ? 'login' : 'connection'} works${describeDistance(roundTripMs, settings.connections)}`,
  )
}

/** Explains what operators often mix up: TLS from the first byte, usually on port 465, and STARTTLS on 587 or 25. */
function explain(part: string, { secure }: RelaySettings, message: string): Diagnosis {
  if (secure && message.includes('wrong version number'))
    return failure(
      part,
      'it does not begin with TLS',
      'write smtp:// in SMTP_URL: TLS then starts as soon as it is offered',
    )
  if (!secure && message.startsWith('Greeting never received'))
    return failure(part, message, 'write smtps:// in SMTP_URL if the port begins with TLS, as 465 does')
  if (message.includes('certificate has expired'))
    return failure(part, message, 'renew the certificate of the relay, or set the clock of this machine')
  if (message.includes("does not match certificate's altnames"))
    return failure(part, message, 'write a name of the certificate in SMTP_URL, or add servername=NAME to its URL')
  if (/protocol version|unsupported protocol/.test(message))
    return failure(part, message, 'update the relay: it offers only versions of TLS before 1.2')
  if (/self-signed|unable to (?:get|verify)/.test(message))
    return failure(part, message, 'add the file of its authority to its URL: ca=FILE')
  return failure(part, message, 'check SMTP_URL: host, port, login and TLS')
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
