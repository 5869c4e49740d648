import { redact } from '../../lib/redact.ts'
import { openRelay } from '../../relay/relay.ts'
import type { Config } from '../../runtime/config/config.ts'
import { parseRelays, type RelaySettings } from '../../runtime/config/relay-settings.ts'
import { type Diagnosis, doubtful, right, wrong } from './diagnosis.ts'

/** Connects to each relay and logs in, without a mail. */
export const examineRelays = ({
  SMTP_URL,
  SMTP_CONNECTIONS,
}: Pick<Config, 'SMTP_URL' | 'SMTP_CONNECTIONS'>): Promise<Diagnosis[]> =>
  Promise.all(parseRelays(SMTP_URL, SMTP_CONNECTIONS).map(examineRelay))

async function examineRelay(settings: RelaySettings): Promise<Diagnosis> {
  const what = `Relay ${settings.name}`
  const relay = openRelay(settings)
  try {
    await relay.check()
  } catch (error) {
    return wrong(what, redact((error as Error).message), 'see SMTP_URL: host, port, login and TLS')
  } finally {
    relay.close()
  }
  if (!settings.secure && !settings.requireTLS && !isNear(settings.host))
    return doubtful(
      what,
      'it lets us in, but nothing keeps mail from going there in the clear',
      'add requireTLS=true to its URL',
    )
  return right(what, settings.auth ? 'it lets us in with our login' : 'it lets us in')
}

/** On this machine, or in the network of containers that it stands in. */
export const isNear = (host: string): boolean => /^127\.|^::1$/.test(host) || !/[.:]/.test(host)
