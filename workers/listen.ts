import type { Listener } from '../src/inbound/listen.ts'
import type { Services } from '../src/runtime/services.ts'

/**
 * Starts the inbound SMTP server if INBOUND_SMTP_PORT is set. Of several workers on one machine, the first gets the port; the
 * others run without it.
 */
export async function startInboundServer(services: Services): Promise<Listener | undefined> {
  const { config, log } = services
  if (config.INBOUND_SMTP_PORT === undefined) return undefined
  try {
    // Imported on demand: the server and parser take 20 MB.
    const { listen } = await import('../src/inbound/listen.ts')
    return await listen(services, { host: config.HOST, port: config.INBOUND_SMTP_PORT })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    log.warn(
      { code, port: config.INBOUND_SMTP_PORT },
      'inbound SMTP server not started; another worker may have the port',
    )
    return undefined
  }
}
