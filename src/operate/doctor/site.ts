import type { Config } from '../../runtime/config/config.ts'
import { type Diagnosis, failure, ok, warning } from './diagnosis.ts'

const PATIENCE_MS = 5_000

export type Fetch = (url: string, options: { signal: AbortSignal; redirect: 'manual' }) => Promise<Response>

/** Checks that links in emails lead here, and that one-click unsubscribe works. */
export async function checkSite(
  { PUBLIC_URL, NODE_ENV }: Pick<Config, 'PUBLIC_URL' | 'NODE_ENV'>,
  fetch: Fetch = globalThis.fetch,
): Promise<Diagnosis[]> {
  const found: Diagnosis[] = []
  if (NODE_ENV === 'production' && !PUBLIC_URL.startsWith('https:'))
    found.push(
      failure(
        'Page',
        'PUBLIC_URL is not https, so email programs offer no unsubscribe button (RFC 8058 § 3.1)',
        'put a TLS proxy in front',
      ),
    )
  const up = await fetch(`${PUBLIC_URL}/healthz`, { signal: AbortSignal.timeout(PATIENCE_MS), redirect: 'manual' })
    .then(async (reply) => reply.ok && ((await reply.json()) as { status?: string }).status === 'up')
    .catch(() => false)
  if (!up)
    found.push(
      warning('Page', `${PUBLIC_URL} does not answer as Paperboy`, 'start it, and check PUBLIC_URL and the proxy'),
    )
  return found.length > 0 ? found : [ok('Page', `${PUBLIC_URL} answers`)]
}
