import { z } from 'zod'
import type { Db } from '../../runtime/db/database.ts'
import { bigint, moment, number, query, queryOne, text } from '../../runtime/db/query.ts'
import { doiIn } from '../doi.ts'
import { arxivId } from '../paper-id.ts'
import type { PaperKey } from '../paper-path.ts'
import { readable } from '../readable.ts'
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
  ownVotes: number
  /** the archived editions with this paper, newest first; `position` starts at 1 */
  editions: { kind: 'daily' | 'weekly'; date: string; position: number; papers: number }[]
}

/** Reads a paper for its page. Returns undefined for an unknown id. */
export async function readPaper({ db, now }: { db: Db; now: () => Date }, id: number): Promise<Paper | undefined> {
  const at = now()
  const [listed] = await readListed(db, [id], at)
  if (!listed) return undefined
  const [facts, history, editions] = await Promise.all([
    readFacts(db, id),
    readHistory(db, id, at),
    readEditions(db, id),
  ])
  return { ...listed, ...facts, history, editions, ownVotes: listed.ownVotes ?? 0 }
}

/** Finds a paper by its arXiv id, DOI or link in any form, or by its number here. Returns undefined for an unknown paper. */
export async function findPaper(db: Db, typed: string): Promise<PaperKey | undefined> {
  const arxiv = arxivId(typed)
  const number = /^[1-9]\d{0,14}$/.test(typed) ? Number(typed) : undefined
  const doi = arxiv === undefined && number === undefined ? doiIn(typed) : undefined
  if (arxiv === undefined && number === undefined && doi === undefined) return undefined
  const find = query(db, { id: bigint, source: text, sourceId: text })
  const [found] =
    arxiv !== undefined
      ? await find`SELECT id, source, source_id FROM papers WHERE source = 'arxiv' AND source_id = ${arxiv}`
      : doi !== undefined
        ? await find`SELECT id, source, source_id FROM papers WHERE source = 'doi' AND source_id = ${doi}`
        : await find`SELECT id, source, source_id FROM papers WHERE id = ${number}`
  return found
}

async function readFacts(db: Db, id: number) {
  const row = await queryOne(db, {
    abstract: text,
    keywords: z.array(text),
    publishedAt: moment.nullable(),
    withdrawnAt: moment.nullable(),
    updatedAt: moment,
  })`SELECT abstract, keywords, published_at, withdrawn_at, updated_at FROM papers WHERE id = ${id}`
  return {
    abstract: readable(row.abstract),
    abstractSource: row.abstract,
    keywords: row.keywords.map(readable),
    publishedAt: row.publishedAt ?? undefined,
    withdrawnAt: row.withdrawnAt ?? undefined,
    updatedAt: row.updatedAt,
  }
}

const readHistory = (db: Db, id: number, at: Date) =>
  query(db, { at: moment, votes: number })`
    SELECT observed_at AS at, votes FROM signals WHERE paper_id = ${id} AND observed_at <= ${at} ORDER BY observed_at`

const readEditions = (db: Db, id: number): Promise<Paper['editions']> =>
  query(db, { kind: z.enum(['daily', 'weekly']), date: text, position: number, papers: number })`
    SELECT e.kind, e.date::text AS date, p.position + 1 AS position,
      (SELECT count(*)::int FROM edition_papers WHERE edition_id = e.id) AS papers
    FROM edition_papers p JOIN editions e ON e.id = p.edition_id
    WHERE p.paper_id = ${id} AND e.released_at IS NOT NULL AND e.state <> 'cancelled'
    ORDER BY e.date DESC, e.kind`
