import { readBody, rootOf } from '../ingest/sources/polite-get.ts'

/** Where the sources store their pictures. */
const HOSTS = new Set(['cdn-thumbnails.huggingface.co', 'cdn-uploads.huggingface.co'])

const TIMEOUT_MS = 15_000
/** The largest real one has 0.6 MB. */
const LARGEST_BYTES = 5 * 1024 * 1024

/** A picture's bytes, or why there are none and whether a later attempt may get them. */
export type Fetched = { bytes: Buffer } | { failure: string; retryable: boolean }

/** What fetches a URL: `fetch`, or a test's own. */
type Fetch = (url: string, options: RequestInit) => Promise<Response>

/**
 * Returns whether a source's picture may be fetched. The URL comes from the source, so it must not reach our own network: only https,
 * only known hosts, no port and no user name. A redirect is not followed, and TLS proves that the answer comes from that host.
 */
export function isPictureUrl(text: string): boolean {
  const url = URL.parse(text)
  return url?.protocol === 'https:' && HOSTS.has(url.host) && url.username === '' && url.password === ''
}

/** Fetches a picture. It only checks the transport: the bytes may be anything. */
export async function fetchPicture(
  url: string,
  { userAgent, fetch: get = fetch }: { userAgent: string; fetch?: Fetch | undefined },
): Promise<Fetched> {
  if (!isPictureUrl(url)) return { failure: 'the URL is not on a known host', retryable: false }
  try {
    const response = await get(url, {
      redirect: 'manual',
      headers: { 'user-agent': userAgent, accept: 'image/*' },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    if (response.status !== 200) {
      await response.body?.cancel()
      const retryable = response.status >= 500 || response.status === 429 || response.status === 404
      return { failure: `answered ${response.status}`, retryable }
    }
    const bytes = await readBody(response, LARGEST_BYTES)
    return bytes ? { bytes } : { failure: `has more than ${LARGEST_BYTES} bytes`, retryable: false }
  } catch (error) {
    return { failure: rootOf(error), retryable: true }
  }
}
