import { parseSpan } from '../../../calendar/spans.ts'
import { PaperboyError } from '../../../lib/errors.ts'
import { FOLLOW_DAYS } from '../../../runtime/config/source-names.ts'
import { parseHfEntry } from '../formats/hf-entry.ts'
import { checkJsonSize, LimitError } from '../limits.ts'
import { type BadEntry, isBad, type ListedPaper } from '../listed-paper.ts'
import { type Politeness, politeGet, type Reply } from './polite-get.ts'
import type { Source } from './source.ts'

interface HfOptions extends Politeness {
  baseUrl?: string
}

/** Creates the source for Hugging Face's daily papers: the community's list of a day, week or month, with votes. */
export function hfSource({ baseUrl = 'https://huggingface.co', ...polite }: HfOptions): Source {
  return {
    name: 'hf',
    followDays: FOLLOW_DAYS.hf,
    async read(span, last) {
      const { kind } = parseSpan(span)
      const url = `${baseUrl}/api/daily_papers?${PARAMETER[kind]}=${span}`
      const reply = await politeGet(
        url,
        {
          ...(last?.etag ? { 'if-none-match': last.etag } : {}),
          ...(last?.lastModified ? { 'if-modified-since': last.lastModified } : {}),
        },
        polite,
      )
      if (reply.status === 304) return { outcome: 'not modified' }
      return {
        outcome: 'read',
        ...parseList(entriesOf(url, reply), kind === 'day' ? span : undefined),
        validators: { etag: reply.headers.get('etag'), lastModified: reply.headers.get('last-modified') },
      }
    },
    async fetchByIds(ids) {
      const found = []
      for (const id of ids) found.push(await fetchPaper(id))
      return found.filter((each) => each !== undefined)
    },
  }

  /** Fetches a single paper. A paper without `submittedOnDailyAt` is on no list, and counts as not found. */
  async function fetchPaper(id: string): Promise<ListedPaper | undefined> {
    const url = `${baseUrl}/api/papers/${id}`
    const reply = await politeGet(url, {}, { ...polite, missing: [404] })
    if (reply.status === 404) return undefined
    const parsed = parseHfEntry({ paper: jsonOf(url, reply) }, 1)
    return isBad(parsed) ? undefined : parsed
  }
}

const PARAMETER = { day: 'date', week: 'week', month: 'month' }

function entriesOf(url: string, reply: Reply): unknown[] {
  const parsed = jsonOf(url, reply)
  if (Array.isArray(parsed)) return parsed
  throw unexpectedReply(url, reply, 'a JSON array')
}

function jsonOf(url: string, reply: Reply): unknown {
  try {
    checkJsonSize(reply.body)
    return JSON.parse(reply.body)
  } catch (error) {
    throw unexpectedReply(
      url,
      reply,
      error instanceof LimitError ? `a list within the limits (it ${error.message})` : 'JSON',
    )
  }
}

function unexpectedReply(url: string, { status, headers, body }: Reply, wanted: string): PaperboyError {
  const what = `${headers.get('content-type') ?? 'no content type'}, ${body.length} characters`
  return new PaperboyError(
    'SOURCE_UNAVAILABLE',
    `GET ${url} answered ${status}, but did not return ${wanted} (${what}).`,
  )
}

function parseList(entries: unknown[], day: string | undefined): { papers: ListedPaper[]; bad: BadEntry[] } {
  const parsed = entries.map((entry, index) => parseHfEntry(entry, index + 1, day))
  return { papers: parsed.filter((entry): entry is ListedPaper => !isBad(entry)), bad: parsed.filter(isBad) }
}
