import { parse } from 'csv-parse/sync'
import { z } from 'zod'
import { arxivId } from '../../paper-id.ts'
import { count, moment, text } from '../fields.ts'
import { checkLineCount, LIMITS } from '../limits.ts'
import type { BadEntry } from '../listed-paper.ts'

/** A paper's votes and comments at one moment. */
export interface SignalRow {
  arxivId: string
  observedAt: Date
  votes: number
  comments: number
  stars: number | null
}

const Row = z.object({
  arxiv_id: text,
  observed_at_utc: moment,
  upvotes: count,
  num_comments: count,
  github_stars: count,
})

export const isSignalTable = (file: string): boolean => /^﻿?[^\n]*\barxiv_id\b[^\n]*\bupvotes\b/.test(file)

/** Parses a CSV of votes over time: columns arxiv_id, observed_at_utc, upvotes, and optionally num_comments and github_stars. */
export function parseSignalTable(file: string): { rows: SignalRow[]; bad: BadEntry[] } {
  checkLineCount(file, LIMITS.signals)
  const rows: SignalRow[] = []
  const bad: BadEntry[] = []
  let position = 0
  // Row by row, so that parsed records are not kept in memory.
  parse(file, {
    columns: true,
    bom: true,
    skip_empty_lines: true,
    relax_column_count: true,
    max_record_size: LIMITS.line,
    on_record: (record: unknown) => {
      position++
      const row = parseRow(record)
      if (row) rows.push(row)
      else bad.push({ position, reason: 'has no arXiv id, no valid time or no votes' })
      return null
    },
  })
  return { rows, bad }
}

function parseRow(record: unknown): SignalRow | undefined {
  const { data } = Row.safeParse(record)
  const id = data?.arxiv_id && arxivId(data.arxiv_id)
  if (!id || !data.observed_at_utc || data.upvotes === undefined) return undefined
  return {
    arxivId: id,
    observedAt: data.observed_at_utc,
    votes: data.upvotes,
    comments: data.num_comments ?? 0,
    stars: data.github_stars ?? null,
  }
}
