import { queryColumn, text } from '../../runtime/db/query.ts'
import { isWrongKey } from '../../suppression/key-fingerprint.ts'
import type { Attention, AttentionDeps } from './attention.ts'

/** SUPPRESSION_KEY differs from the database's: no suppression would match. */
export async function wrongKey({ db, config }: AttentionDeps): Promise<Attention[]> {
  if (!(await isWrongKey(db, config.SUPPRESSION_KEY))) return []
  return [
    {
      name: 'wrong_key',
      about: '',
      part: 'Suppressions',
      state: 'error',
      since: null,
      message: 'SUPPRESSION_KEY differs from the key this database was used with: no suppression would be recognised',
      remedy: 'restore the old key; no process starts with another',
      href: '/admin',
    },
  ]
}

/** Files of TEMPLATES_DIR that cannot be used, so that ours are. */
export async function brokenTemplates({ config }: AttentionDeps): Promise<Attention[]> {
  return config.templates.broken.map(({ file, problem }) => ({
    name: 'template_broken',
    about: file,
    part: 'Templates',
    state: 'warning',
    since: null,
    message: `the default is used instead of ${file}: ${problem}`,
    remedy: 'mend the file in TEMPLATES_DIR, then restart',
    href: '/admin',
  }))
}

/** Without such a request for this long, the proxy is trusted now, or gone. */
const REMEMBERED = '1 hour'

/** A proxy whose X-Forwarded-For is not trusted, so all its readers count as one network. */
export async function untrustedProxy({ db, now }: AttentionDeps): Promise<Attention[]> {
  const [peer] = await queryColumn(db, text)`
    SELECT untrusted_proxy FROM mailing WHERE untrusted_proxy_at > ${now()}::timestamptz - ${REMEMBERED}::interval`
  if (peer === undefined) return []
  return [
    {
      name: 'untrusted_proxy',
      about: '',
      part: 'Proxy',
      state: 'error',
      since: null,
      message: `requests come through a proxy at ${peer} that TRUST_PROXY does not name: all its readers count as one network and share its limits`,
      remedy: `add ${peer} to TRUST_PROXY, or the network of your proxies`,
      href: '/admin',
    },
  ]
}
