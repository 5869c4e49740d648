import { VERSION } from '../../config.ts'
import { PaperboyError } from '../../errors.ts'
import { parseHfEntry } from '../hf-entry.ts'
import { type BadEntry, isBad, type ListedPaper } from '../listed-paper.ts'
import { type Politeness, politeGet, type Reply } from './polite-get.ts'
import type { Source } from './source.ts'

interface HfOptions extends Omit<Politeness, 'userAgent'> {
  /** named in the User-Agent, so that the source can tell whom to talk to */
  publicUrl: string
  baseUrl?: string
}

/** Hugging Face's daily papers: the community's list of a day, with votes. */
export function hfSource({ publicUrl, baseUrl = 'https://huggingface.co', ...politeness }: HfOptions): Source {
  const userAgent = `Paperboy/${VERSION} (+${publicUrl})`
  return {
    name: 'hf',
    async read(day, last) {
      const url = `${baseUrl}/api/daily_papers?date=${day}`
      const reply = await politeGet(
        url,
        {
          ...(last?.etag ? { 'if-none-match': last.etag } : {}),
          ...(last?.lastModified ? { 'if-modified-since': last.lastModified } : {}),
        },
        { ...politeness, userAgent },
      )
      if (reply.status === 304) return { outcome: 'not modified' }
      return {
        outcome: 'read',
        ...parseList(entriesOf(url, reply), day),
        validators: { etag: reply.headers.get('etag'), lastModified: reply.headers.get('last-modified') },
      }
    },
  }
}

function entriesOf(url: string, { status, headers, body }: Reply): unknown[] {
  let parsed: unknown
  try {
    parsed = JSON.parse(body)
  } catch {
    parsed = undefined
  }
  if (Array.isArray(parsed)) return parsed
  const what = `${headers.get('content-type') ?? 'no content type'}, ${body.length} characters`
  throw new PaperboyError(
    'SOURCE_UNAVAILABLE',
    `GET ${url} answered ${status} with something other than a JSON array (${what}).`,
  )
}

function parseList(entries: unknown[], day: string): { papers: ListedPaper[]; bad: BadEntry[] } {
  const parsed = entries.map((entry, index) => parseHfEntry(entry, index + 1, day))
  return { papers: parsed.filter((entry): entry is ListedPaper => !isBad(entry)), bad: parsed.filter(isBad) }
}
