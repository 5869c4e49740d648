import { recordIntakeFailure, recordIntakeWorks } from '../src/inbound/intake-health.ts'
import type { Listener } from '../src/inbound/listen.ts'
import { redact } from '../src/lib/redact.ts'
import type { Services } from '../src/runtime/services.ts'

/** The worker that has the port may end at any time. Mail servers that find no listener come again later than this. */
const RETRY_MS = 5_000
/** Workers that wait for the port report a failure, and the one that listens clears it: well before it counts as an outage. */
const REPORT_MS = 5 * 60_000

/**
 * Starts the inbound SMTP server if INBOUND_SMTP_PORT is set. Of several workers on one machine one has the port; the others take
 * it over when it ends. Records whether it listens, so that operators see a port that no worker can have.
 */
export async function startInboundServer(
  services: Services,
  { retryMs = RETRY_MS, reportMs = REPORT_MS } = {},
): Promise<Pick<Listener, 'close'> | undefined> {
  const { config, db, log, now } = services
  const { HOST: host, INBOUND_SMTP_PORT: port } = config
  if (port === undefined) return undefined
  let listener: Listener | undefined
  let retry: NodeJS.Timeout | undefined
  let failure = ''
  let closed = false
  const report = () =>
    (listener
      ? recordIntakeWorks(db, 'listener')
      : recordIntakeFailure(db, 'listener', now(), `port ${port} on ${host}: ${failure}`)
    ).catch((error) => log.warn({ err: error }, 'state of the inbound SMTP server not recorded'))
  const start = async () => {
    try {
      // Imported on demand: the server and parser take 20 MB.
      const { listen } = await import('../src/inbound/listen.ts')
      listener = await listen(services, { host, port })
      if (closed) return await listener.close()
      if (retry) {
        log.info({ port }, 'inbound SMTP server started')
        await report()
      }
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      failure = code ?? redact(message)
      if (!retry) log.warn({ code, port }, 'inbound SMTP server not started yet; another worker may have the port')
      if (!closed) retry = setTimeout(start, retryMs).unref()
    }
  }
  await start()
  await report()
  const reports = setInterval(report, reportMs).unref()
  return {
    async close() {
      closed = true
      clearTimeout(retry)
      clearInterval(reports)
      await listener?.close()
    },
  }
}
