import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { sql } from 'drizzle-orm'
import type { ImportReport } from '../../src/papers/ingest/import-file.ts'
import { importFile } from '../../src/papers/ingest/import-file.ts'
import type { Db } from '../../src/runtime/db/database.ts'
import { isDataMissing, SHARED_DATA } from '../support/suites.ts'

/** The real papers are stored outside the repository, and may be missing. */
export const noRealPapers = isDataMissing('papers', 'papers/')

/** A few days of them are part of the repository. */
export const sampleFile = (day: string): string => join(import.meta.dirname, `../fixtures/papers/${day}.json.gz`)

export const seedFile = join(SHARED_DATA, 'seed/papers.json')
export const dailyFile = (day: string): string => join(SHARED_DATA, `papers/hf-daily/${day}.json.gz`)
export const monthlyFile = (month: string): string =>
  join(SHARED_DATA, `papers/hf-monthly-final/daily_papers_${month}.json.gz`)

export const arxivFolder = join(SHARED_DATA, 'papers/arxiv')
export const trajectories = join(SHARED_DATA, 'papers/upvote-trajectories.csv')

export const unpacked = async (file: string): Promise<Buffer> => promisify(gunzip)(await readFile(file))

export const closeHourUtc = 2
export const LATER = new Date('2026-11-24T10:00:00Z')

export const importing = (db: Db, file: string, date?: string, now = LATER): Promise<ImportReport> =>
  importFile({ db, now: () => now, closeHourUtc }, file, { date })

/** Reads every row that an import could change. */
export async function everything(db: Db): Promise<unknown> {
  const papers = await db.execute(sql`SELECT * FROM papers ORDER BY id`)
  const signals = await db.execute(sql`SELECT * FROM signals ORDER BY paper_id, observed_at`)
  return { papers: papers.rows, signals: signals.rows }
}

/** Calls `use` with a temporary file of this content. */
export async function withFile<T>(
  content: string | Uint8Array,
  use: (file: string) => Promise<T>,
  name = 'list.json',
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'paperboy-import-'))
  try {
    const file = join(folder, name)
    await writeFile(file, content)
    return await use(file)
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** A Hugging Face entry with the given fields. */
export const hfEntry = (id: string, paper: Record<string, unknown> = {}, around: Record<string, unknown> = {}) => ({
  paper: {
    id,
    title: `Paper ${id}`,
    summary: `What ${id} says.`,
    authors: [{ name: 'Ada' }],
    submittedOnDailyAt: '2026-04-10T00:58:14.251Z',
    upvotes: 5,
    ...paper,
  },
  numComments: 1,
  ...around,
})

/** A small input that once failed. */
export const fixture = (name: string): string => join(import.meta.dirname, `../fixtures/papers/${name}`)
