import { redact } from '../../lib/redact.ts'
import { openRelay } from '../../relay/relay.ts'
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
  const relay = openRelay(settings)
  try {
    await relay.check()
  } catch (error) {
    return failure(part, redact((error as Error).message), 'check SMTP_URL: host, port, login and TLS')
  } finally {
    relay.close()
  }
  if (!settings.secure && !settings.requireTLS && !isNear(settings.host))
    return warning(part, 'login works, but the connection is not always encrypted', 'add requireTLS=true to its URL')
  return ok(part, settings.auth ? 'login works' : 'connection works')
}

/** True for a host on this machine or in the same container network. */
export const isNear = (host: string): boolean => /^127\.|^::1$/.test(host) || !/[.:]/.test(host)
