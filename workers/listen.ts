import type { Listener } from '../src/inbound/listen.ts'
import type { Services } from '../src/runtime/services.ts'

/** The worker that has the port may end at any time. Mail servers that find no listener come again later than this. */
const RETRY_MS = 5_000

/**
 * Starts the inbound SMTP server if INBOUND_SMTP_PORT is set. Of several workers on one machine one has the port; the others take
 * it over when it ends.
 */
export async function startInboundServer(
  services: Services,
  retryMs = RETRY_MS,
): Promise<Pick<Listener, 'close'> | undefined> {
  const { config, log } = services
  const { HOST: host, INBOUND_SMTP_PORT: port } = config
  if (port === undefined) return undefined
  let listener: Listener | undefined
  let retry: NodeJS.Timeout | undefined
  let closed = false
  const start = async () => {
    try {
      // Imported on demand: the server and parser take 20 MB.
      const { listen } = await import('../src/inbound/listen.ts')
      listener = await listen(services, { host, port })
      if (closed) return await listener.close()
      if (retry) log.info({ port }, 'inbound SMTP server started')
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (!retry) log.warn({ code, port }, 'inbound SMTP server not started yet; another worker may have the port')
      if (!closed) retry = setTimeout(start, retryMs).unref()
    }
  }
  await start()
  return {
    async close() {
      closed = true
      clearTimeout(retry)
      await listener?.close()
    },
  }
}
