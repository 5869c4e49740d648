import type { Listener } from '../src/inbound/listen.ts'
import type { Services } from '../src/runtime/services.ts'

/**
 * The SMTP server for what comes back, where INBOUND_SMTP_PORT asks for one. Several workers on one machine share the port by the
 * first of them having it: mail for it is taken by any, and a worker without it works on.
 */
export async function startInboundServer(services: Services): Promise<Listener | undefined> {
  const { config, log } = services
  if (config.INBOUND_SMTP_PORT === undefined) return undefined
  try {
    // Only then: a server and a parser of mail take 20 MB.
    const { listen } = await import('../src/inbound/listen.ts')
    return await listen(services, { host: config.HOST, port: config.INBOUND_SMTP_PORT })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    log.warn(
      { code, port: config.INBOUND_SMTP_PORT },
      'no inbound mail is taken here; another worker may have the port',
    )
    return undefined
  }
}
