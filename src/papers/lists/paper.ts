import { sql } from 'drizzle-orm'
import type { Db } from '../../runtime/db/database.ts'
import { arxivId } from '../paper-id.ts'
import type { PaperKey } from '../paper-path.ts'
import { readable } from '../readable.ts'
import { countReaderVotes } from '../votes/reader-votes.ts'
import { type ListedRow, readListed } from './listed-rows.ts'

/** A paper with everything its page shows, in plain text that a page must escape. */
export interface Paper extends ListedRow {
  abstract: string
  /** the abstract as the source wrote it, with its LaTeX */
  abstractSource: string
  keywords: string[]
  publishedAt?: Date | undefined
  withdrawnAt?: Date | undefined
  updatedAt: Date
  /** the source's votes at each observation, oldest first */
  history: { at: Date; votes: number }[]
  /** how many of its votes are our readers' */
  ownVotes: number
  /** the archived editions with this paper, newest first; `position` starts at 1 */
  editions: { kind: 'daily' | 'weekly'; date: string; position: number; papers: number }[]
}

/** Reads a paper for its page. Returns undefined for an unknown id. */
export async function readPaper({ db, now }: { db: Db; now: () => Date }, id: number): Promise<Paper | undefined> {
  const at = now()
  const [listed] = await readListed(db, [id], at)
  if (!listed) return undefined
  const [facts, history, editions, own] = await Promise.all([
    readFacts(db, id),
    readHistory(db, id, at),
    readEditions(db, id),
    countReaderVotes(db, [id], { by: at }),
  ])
  return { ...listed, ...facts, history, editions, ownVotes: own.get(id) ?? 0 }
}

/** Finds a paper by its arXiv id or link in any form, or by its number here. Returns undefined for an unknown paper. */
export async function findPaper(db: Db, text: string): Promise<PaperKey | undefined> {
  const arxiv = arxivId(text)
  const number = /^[1-9]\d{0,14}$/.test(text) ? Number(text) : undefined
  if (arxiv === undefined && number === undefined) return undefined
  const { rows } = await db.execute<{ id: string; source: string; source_id: string }>(
    arxiv !== undefined
      ? sql`SELECT id, source, source_id FROM papers WHERE source = 'arxiv' AND source_id = ${arxiv}`
      : sql`SELECT id, source, source_id FROM papers WHERE id = ${number}`,
  )
  return rows[0] && { id: Number(rows[0].id), source: rows[0].source, sourceId: rows[0].source_id }
}

async function readFacts(db: Db, id: number) {
  const { rows } = await db.execute<{
    abstract: string
    keywords: string[]
    published_at: Date | null
    withdrawn_at: Date | null
    updated_at: Date
  }>(sql`
    SELECT abstract, keywords, published_at::timestamptz, withdrawn_at::timestamptz, updated_at::timestamptz
    FROM papers WHERE id = ${id}`)
  const row = rows[0]!
  return {
    abstract: readable(row.abstract),
    abstractSource: row.abstract,
    keywords: row.keywords.map(readable),
    publishedAt: row.published_at ? new Date(row.published_at) : undefined,
    withdrawnAt: row.withdrawn_at ? new Date(row.withdrawn_at) : undefined,
    updatedAt: new Date(row.updated_at),
  }
}

async function readHistory(db: Db, id: number, at: Date) {
  const { rows } = await db.execute<{ observed_at: string; votes: number }>(sql`
    SELECT observed_at, votes FROM signals WHERE paper_id = ${id} AND observed_at <= ${at} ORDER BY observed_at`)
  return rows.map((row) => ({ at: new Date(row.observed_at), votes: row.votes }))
}

async function readEditions(db: Db, id: number): Promise<Paper['editions']> {
  const { rows } = await db.execute<{ kind: 'daily' | 'weekly'; date: string; position: number; papers: number }>(sql`
    SELECT e.kind, e.date::text AS date, p.position + 1 AS position,
      (SELECT count(*)::int FROM edition_papers WHERE edition_id = e.id) AS papers
    FROM edition_papers p JOIN editions e ON e.id = p.edition_id
    WHERE p.paper_id = ${id} AND e.released_at IS NOT NULL AND e.state <> 'cancelled'
    ORDER BY e.date DESC, e.kind`)
  return rows
}
