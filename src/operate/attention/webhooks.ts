import { bigint, moment, query, text } from '../../runtime/db/query.ts'
import type { Attention, AttentionDeps } from './attention.ts'

/** Webhook endpoints that Paperboy disabled, because they failed for three days. Those that a person disabled are no problem. */
export async function disabledWebhooks({ db }: AttentionDeps): Promise<Attention[]> {
  const rows = await query(db, { id: bigint, disabledAt: moment, disabledWhy: text })`
    SELECT id, disabled_at, disabled_why FROM webhook_endpoints WHERE disabled_why <> 'by a person' ORDER BY id`
  return rows.map(({ id, disabledAt, disabledWhy }) => ({
    name: 'webhook_disabled',
    about: `endpoint ${id}`,
    part: 'Webhooks',
    state: 'warning',
    since: disabledAt,
    message: `webhook endpoint ${id} gets nothing any more: ${disabledWhy}`,
    remedy: 'mend the endpoint, then enable it: the waiting messages are sent',
    href: '/admin/webhooks',
  }))
}
