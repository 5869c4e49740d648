import { sql } from 'drizzle-orm'
import { z } from 'zod'
import type { ListedPaper } from '../../../src/papers/ingest/listed-paper.ts'
import { storeList } from '../../../src/papers/ingest/store.ts'
import { readable } from '../../../src/papers/readable.ts'
import { indexPapers } from '../../../src/papers/search/index-papers.ts'
import { searchPapers } from '../../../src/papers/search/search.ts'
import { foldedWords, wordsOf } from '../../../src/papers/search/words.ts'
import type { Db } from '../../../src/runtime/db/database.ts'
import { query } from '../../../src/runtime/db/query.ts'
import { openLibrary } from '../support/library.ts'
import { type ChoicePart, type ChoiceRow, FIT_MONTHS, TEST_MONTHS } from './part.ts'

/** Words per question, and the least share found among the first ten. */
const TARGETS = [
  { words: 3, least: 0.7 },
  { words: 5, least: 0.85 },
  { words: 8, least: 0.93 },
]
const MOST_QUESTIONS = 400
const FIRST = 10

/**
 * Asks for papers whose summary is known and not indexed: the question is some content words in a row of that summary.
 * The answer counts when the paper is among the first ten.
 */
export const part: ChoicePart = {
  title: 'Search: the paper among the first ten, asked in words of its summary, which is not indexed',
  async measure(data, stack) {
    const rows: ChoiceRow[] = []
    for (const months of [FIT_MONTHS, TEST_MONTHS]) {
      await using own = stack.use(new AsyncDisposableStack())
      rows.push(...(await measureMonths(data.papers(months), `${months[0]} to ${months.at(-1)}`, own)))
    }
    return rows
  },
}

async function measureMonths(papers: ListedPaper[], months: string, stack: AsyncDisposableStack): Promise<ChoiceRow[]> {
  const { db } = await openLibrary(stack)
  const now = () => new Date()
  const unsummarised = papers.map((paper) => ({ ...paper, summary: undefined }))
  await storeList({ db }, unsummarised, { observedAt: now(), origin: 'file' })
  await indexPapers({ db })
  await db.execute(sql`VACUUM ANALYZE`)
  const rows: ChoiceRow[] = []
  for (const { words, least } of TARGETS) {
    const questions = questionsOf(papers, words)
    const everyWord = await score(questions, (q) => findEveryWord(db, q))
    const product = await score(questions, async (q) =>
      (await searchPapers({ db, now }, { q, limit: FIRST })).papers.map((paper) => paper.sourceId),
    )
    const what = `${words} words, ${questions.length} questions to ${papers.length} papers, ${months}`
    const baseline = 'every word must occur'
    const row = (of: string, key: 'found' | 'empty', target: string) => ({
      what: `${of}: ${what}`,
      baseline,
      baselineValue: everyWord[key].toFixed(3),
      value: product[key].toFixed(3),
      target,
    })
    rows.push(row('found', 'found', `≥ ${least}`), row('no result', 'empty', '≤ 0.020'))
  }
  return rows
}

interface Question {
  q: string
  sourceId: string
}

/** Takes the words from a place that depends on the paper's id, so that every run asks the same. */
function questionsOf(papers: readonly ListedPaper[], count: number): Question[] {
  const long = papers.flatMap((paper) => {
    const words = (readable(paper.summary ?? '').match(/[\p{L}\p{N}]+/gu) ?? []).filter(
      (word) => wordsOf(word).length > 0 && foldedWords(word).length === 1,
    )
    if (words.length < count) return []
    const start = Number(paper.sourceId.replace(/\D/g, '')) % (words.length - count + 1)
    return { q: words.slice(start, start + count).join(' '), sourceId: paper.sourceId }
  })
  const step = Math.max(long.length / MOST_QUESTIONS, 1)
  return long.filter((_, at) => Math.floor(at / step) !== Math.floor((at - 1) / step))
}

async function score(questions: readonly Question[], ask: (q: string) => Promise<string[]>) {
  let [found, empty] = [0, 0]
  for (const { q, sourceId } of questions) {
    const answers = await ask(q)
    if (answers.includes(sourceId)) found++
    if (answers.length === 0) empty++
  }
  return { found: found / questions.length, empty: empty / questions.length }
}

/** What search did before: every word must occur, ranked by ts_rank. */
async function findEveryWord(db: Db, q: string): Promise<string[]> {
  const rows = await query(
    db,
    z.object({ sourceId: z.string() }),
    sql`
      SELECT p.source_id FROM papers p, websearch_to_tsquery('english', unaccented(${q})) words
      WHERE p.search @@ words ORDER BY ts_rank('{0.1, 0.2, 0.5, 1}', p.search, words) DESC, p.id DESC LIMIT ${FIRST}`,
  )
  return rows.map((row) => row.sourceId)
}
