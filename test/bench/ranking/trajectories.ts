import { readFileSync } from 'node:fs'
import { parse } from 'csv-parse/sync'

export interface Observed {
  id: string
  day: string
  month: string
  votes: number
  comments: number
  ageHours: number
  listedAtMs: number
  final: number
}

/** Lists by day at one time. Only papers with known final votes, and only lists with at least five of them. */
export type Lists = Map<string, Observed[]>

interface Row {
  arxiv_id: string
  list_date: string
  submitted_on_daily_at: string
  observed_at_utc: string
  point: string
  upvotes: string
  num_comments: string
}

/** @param file the data's columns; one row per paper and observation, at the points `morning`, `next_day` and `final` */
export function readTrajectories(file: string): { morning: Lists; nextDay: Lists } {
  const rows = parse(readFileSync(file), { columns: true }) as Row[]
  const final = new Map(rows.filter((row) => row.point === 'final').map((row) => [row.arxiv_id, Number(row.upvotes)]))
  const lists = (point: string): Lists => {
    const observed = rows
      .filter((row) => row.point === point && final.has(row.arxiv_id))
      .map((row) => {
        const listedAtMs = Date.parse(row.submitted_on_daily_at)
        return {
          id: row.arxiv_id,
          day: row.list_date,
          month: row.list_date.slice(0, 7),
          votes: Number(row.upvotes),
          comments: Number(row.num_comments || 0),
          ageHours: Math.max((Date.parse(row.observed_at_utc) - listedAtMs) / 3_600_000, 0),
          listedAtMs,
          final: final.get(row.arxiv_id)!,
        }
      })
    return new Map([...Map.groupBy(observed, (paper) => paper.day)].filter(([, papers]) => papers.length >= 5))
  }
  return { morning: lists('morning'), nextDay: lists('next_day') }
}
