import { sendWebhooks } from '../src/operate/webhooks/send-webhooks.ts'
import type { Services } from '../src/runtime/services.ts'

/** Job `send-webhooks`: sends events to the operator's endpoints. */
export async function sendWebhooksJob(services: Services, stopping: AbortSignal): Promise<void> {
  const counts = await sendWebhooks(services, stopping)
  if (counts.failed > 0) services.log.warn(counts, 'webhooks failed; they are sent again later')
}
