import { type SQL, sql } from 'drizzle-orm'
import { z } from 'zod'
import { dayOf, daysBetween } from '../../calendar/days.ts'
import type { Db } from '../../runtime/db/database.ts'
import { prepared } from '../../runtime/db/prepared.ts'
import { bigint, bool, number, query, text } from '../../runtime/db/query.ts'
import { CHANCE_DAYS, ListFacts } from '../ranking/list-facts.ts'
import { withSignals } from '../ranking/list-votes.ts'
import { reasonFor } from '../ranking/reason.ts'
import { readable, sentences } from '../readable.ts'
import { dampBursts } from '../votes/damp-bursts.ts'
import { addVotes, burstsOf } from '../votes/reader-votes.ts'

/** A paper of a list in readable plain text, which a page must escape. */
export interface ListedRow {
  id: number
  source: string
  sourceId: string
  title: string
  /** the title as the source wrote it, with its LaTeX */
  titleSource: string
  authors: string[]
  organization?: string | undefined
  summary: string
  /** the summary was written by the source's model, not by the authors */
  aiSummary: boolean
  /** votes of the source and of our readers */
  votes?: number | undefined
  /** how many of its votes are our readers' */
  ownVotes?: number | undefined
  comments?: number | undefined
  stars?: number | undefined
  url?: string | undefined
  pdfUrl?: string | undefined
  codeUrl?: string | undefined
  projectUrl?: string | undefined
  /** the community's discussion page */
  discussionUrl?: string | undefined
  reason?: string | undefined
  /** used to word the reason, with `pickedBy` */
  list?: ListFacts | undefined
  pickedBy?: string | undefined
  /** the curator's pick */
  picked: boolean
  sample: boolean
  /** YYYY-MM-DD */
  listDay: string
  /** slugs, broad topics first */
  topics: string[]
  /** our copy of the source's picture, and the size of the large one in pixels */
  thumbnail?: { hash: string; width: number; height: number } | undefined
}

const SUMMARY_CHARACTERS = 320

type Row = z.output<typeof Selected>

/** Reads papers as pages show them, in the order of the ids. */
export async function readListed(db: Db, ids: readonly number[], at: Date): Promise<ListedRow[]> {
  if (ids.length === 0) return []
  const rows = await query(db, Selected, prepared(selectListed(ids, at)))
  const byId = new Map(rows.map((row) => [row.id, row]))
  return ids.flatMap((id) => byId.get(id) ?? []).map((row) => rowOf(row, at))
}

/** A constant, because zod compiles it once. */
const Selected = z.object({
  id: bigint,
  source: text,
  sourceId: text,
  title: text,
  text,
  authors: z.array(text),
  organization: text.nullable(),
  aiSummary: bool,
  url: text.nullable(),
  pdfUrl: text.nullable(),
  codeUrl: text.nullable(),
  projectUrl: text.nullable(),
  hasDiscussion: bool.nullable(),
  sample: bool,
  listDay: text,
  topics: z.array(text),
  votes: number.nullable(),
  bursts: z.array(number).nullable(),
  comments: number.nullable(),
  stars: number.nullable(),
  picked: bool.nullable(),
  curator: text.nullable(),
  facts: z.unknown(),
  hash: text.nullable(),
  width: number.nullable(),
  height: number.nullable(),
})

const selectListed = (ids: readonly number[], at: Date): SQL => sql`
  SELECT p.id, p.source, p.source_id, p.title, coalesce(p.summary, p.abstract) AS text, p.authors, p.organization,
    p.summary IS NOT NULL AND p.summary_by_ai AS ai_summary, p.url, p.pdf_url, p.code_url, p.project_url, p.sample, p.list_day::text AS list_day, p.topics, p.raw ? 'paper' AS has_discussion,
    s.votes, s.comments, s.stars, ${burstsOf(sql`p.id`, at)} AS bursts, k.verdict = 'picked' AS picked, k.curator, f.facts,
    n.hash, n.width, n.height
  FROM papers p ${withSignals(at)} LEFT JOIN picks k ON k.paper_id = p.id AND k.list_day = p.list_day
  LEFT JOIN list_facts f ON f.paper_id = p.id LEFT JOIN thumbnails n ON n.paper_id = p.id
  WHERE p.id = ANY(${sql.param(ids)}::bigint[])`

function rowOf(row: Row, at: Date): ListedRow {
  const { chance, ...stored } = row.facts === null ? { chance: undefined } : ListFacts.parse(row.facts)
  const isNews = daysBetween(row.listDay, dayOf(at)) <= CHANCE_DAYS
  const list = row.facts === null ? undefined : { ...(stored as ListFacts), ...(chance && isNews ? { chance } : {}) }
  const pickedBy = (row.picked && row.curator) || undefined
  const votes = addVotes(row.votes, row.bursts)
  return {
    id: row.id,
    source: row.source,
    sourceId: row.sourceId,
    title: readable(row.title),
    titleSource: row.title,
    authors: row.authors.map(readable),
    organization: row.organization === null ? undefined : readable(row.organization),
    summary: sentences(readable(row.text), SUMMARY_CHARACTERS),
    aiSummary: row.aiSummary,
    votes: votes ?? undefined,
    ownVotes: row.bursts === null ? undefined : dampBursts(row.bursts),
    comments: row.comments ?? undefined,
    stars: row.stars ?? undefined,
    url: row.url ?? undefined,
    pdfUrl: row.pdfUrl ?? undefined,
    codeUrl: row.codeUrl ?? undefined,
    projectUrl: row.projectUrl ?? undefined,
    discussionUrl:
      row.hasDiscussion && row.source === 'arxiv' ? `https://huggingface.co/papers/${row.sourceId}` : undefined,
    reason: reasonFor({ list, pickedBy, votes }),
    list,
    pickedBy,
    picked: row.picked === true,
    sample: row.sample,
    listDay: row.listDay,
    topics: row.topics,
    thumbnail: row.hash === null ? undefined : { hash: row.hash, width: row.width!, height: row.height! },
  }
}
