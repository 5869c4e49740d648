import { isWeekend } from '../calendar/days.ts'
import type { ListedPaper } from '../papers/ingest/listed-paper.ts'
import type { Source } from '../papers/ingest/sources/source.ts'
import { seededRandom } from './random.ts'

const HOUR_MS = 3_600_000
const SUBJECTS = ['Speech', 'Robots', 'Proteins', 'Video', 'Agents', 'Theorems', 'Retrieval', 'Diffusion']
const METHODS = ['Sparse Attention', 'Flow Matching', 'Tree Search', 'Distillation', 'Contrastive Learning']

/**
 * A source of made-up papers: ten to thirty on a weekday, a few on a weekend, none on a holiday. Votes grow for days.
 *
 * @param holidays list days without papers
 */
export function simulatedSource(now: () => Date, holidays: ReadonlySet<string>): Source {
  return {
    name: 'hf',
    followDays: 5,
    async read(day) {
      return {
        outcome: 'read',
        papers: holidays.has(day) ? [] : listOf(day, now()),
        bad: [],
        validators: { etag: null, lastModified: null },
      }
    },
    fetchByIds: async () => [],
  }
}

function listOf(day: string, at: Date): ListedPaper[] {
  const random = seededRandom(Date.parse(day) / HOUR_MS)
  const count = isWeekend(day) ? 3 + random.below(4) : 10 + random.below(21)
  return Array.from({ length: count }, (_, position) => {
    const listedAt = new Date(Date.parse(day) + random.below(20) * HOUR_MS)
    const id = `${day.slice(2, 4)}${day.slice(5, 7)}.${day.slice(8)}${String(position).padStart(3, '0')}`
    const final = 1 + random.below(9) ** 2
    const age = Math.max(0, (at.getTime() - listedAt.getTime()) / HOUR_MS)
    const topic = random.pick(SUBJECTS)
    return {
      source: 'arxiv' as const,
      sourceId: id,
      title: `${topic} by ${random.pick(METHODS)}, number ${position + 1} of ${day}`,
      abstract: `We study ${topic.toLowerCase()}. It works better than before, on twelve benchmarks.`,
      authors: ['Ada Lovelace', 'Charles Babbage'],
      keywords: [topic.toLowerCase()],
      listDay: day,
      listedAt,
      listPosition: position,
      url: `https://arxiv.org/abs/${id}`,
      votes: Math.round(final * (1 - Math.exp(-age / 20))),
      comments: 0,
      raw: {},
    }
  }).filter(({ listedAt }) => listedAt <= at)
}
