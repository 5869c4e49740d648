import { type SQL, sql } from 'drizzle-orm'
import { readable } from '../readable.ts'
import { topicsOf } from '../topics/topics.ts'
import type { ListedPaper } from './listed-paper.ts'

/** Papers as one relation `r`, from one parameter. */
export const rowsOf = (papers: readonly ListedPaper[], observedAt: Date): SQL => sql`
  jsonb_to_recordset(${JSON.stringify(papers.map((paper) => rowOf(paper, observedAt)))}::jsonb) AS r(
    source text, source_id text, title text, abstract text, shown_title text, shown_abstract text, shown_authors text[], summary text, authors text[], organization text, submitter text,
    keywords text[], categories text[], topics text[], published_at timestamptz, list_day date, listed_at timestamptz, list_position integer, url text,
    pdf_url text, code_url text, project_url text, sample boolean, announced boolean, revision boolean, version smallint, withdrawn_at timestamptz,
    raw jsonb, votes integer, comments integer, stars integer)`

/** As pages show it, where that is not what the source wrote. */
const shown = (text: string): string | undefined => {
  const made = readable(text)
  return made === text ? undefined : made
}

const rowOf = (paper: ListedPaper, observedAt: Date) => ({
  source: paper.source,
  source_id: paper.sourceId,
  title: paper.title,
  abstract: paper.abstract,
  shown_title: shown(paper.title),
  shown_abstract: shown(paper.abstract),
  shown_authors: paper.authors.some((name) => shown(name) !== undefined) ? paper.authors.map(readable) : undefined,
  summary: paper.summary,
  authors: paper.authors,
  organization: paper.organization,
  submitter: paper.submitter,
  keywords: paper.keywords,
  categories: paper.categories ?? [],
  topics: topicsOf(paper),
  published_at: paper.publishedAt,
  list_day: paper.listDay,
  listed_at: paper.listedAt,
  list_position: paper.listPosition,
  url: paper.url,
  pdf_url: paper.pdfUrl,
  code_url: paper.codeUrl,
  project_url: paper.projectUrl,
  sample: paper.sample ?? false,
  announced: paper.announced ?? false,
  revision: paper.revision ?? false,
  version: paper.version,
  withdrawn_at: paper.withdrawn ? observedAt : undefined,
  raw: paper.raw,
  votes: paper.votes,
  comments: paper.comments,
  stars: paper.stars,
})

/** arXiv's word on a version that we have heard of already: the first report of it stands, so that two formats do not take turns. */
const heard = 'coalesce(excluded.version, 1) <= coalesce(p.version, 1)'
/** Whether arXiv speaks of a paper that the community's list has, or says again what it said: then it only fills in what was left out. */
const beside = `excluded.announced AND NOT p.sample AND (NOT p.announced OR ${heard})`
/**
 * Whether the words are from an older version than those we have: lists never say theirs and copy the first one's. A paper that only
 * lists have spoken of has no version, and nothing is older than that.
 */
const older = '(coalesce(p.version, 1) > coalesce(excluded.version, 1) AND NOT p.sample)'

/** What the newer one leaves out stays, unless what stands there was a sample's. @param by the column whose choice it follows */
const kept = (column: string, empty = 'IS NULL', by = column) => `
  CASE WHEN p.sample <> excluded.sample THEN excluded.${column} WHEN excluded.${by} ${empty} THEN p.${column}
    WHEN ${beside} AND NOT p.${by} ${empty} THEN p.${column} ELSE excluded.${column} END`

/** Words that a new version changes. */
const worded = (column: string, by = column) => `
  CASE WHEN ${older} OR excluded.${by} = '' AND p.sample = excluded.sample THEN p.${column}
    WHEN ${beside} AND ${heard} AND p.${by} <> '' THEN p.${column}
    ELSE excluded.${column} END`

/** A place on a list, which an announcement never changes once there is one. */
const placed = (column: string, otherwise = `excluded.${column}`) =>
  `CASE WHEN excluded.announced AND NOT p.sample THEN p.${column} ELSE ${otherwise} END`

/** Column by column, what a known paper's row becomes. */
const MERGED: Record<string, string> = {
  title: worded('title'),
  abstract: worded('abstract'),
  shown_title: worded('shown_title', 'title'),
  shown_abstract: worded('shown_abstract', 'abstract'),
  summary: kept('summary'),
  authors: kept('authors', "= '{}'"),
  shown_authors: kept('shown_authors', "= '{}'", 'authors'),
  organization: kept('organization'),
  submitter: kept('submitter'),
  keywords: kept('keywords', "= '{}'"),
  categories: kept('categories', "= '{}'"),
  // What either source speaks of.
  topics: `
    CASE WHEN p.sample <> excluded.sample THEN excluded.topics
      ELSE p.topics || ARRAY(SELECT topic FROM unnest(excluded.topics) AS topic WHERE topic <> ALL(p.topics)) END`,
  published_at: kept('published_at'),
  list_day: placed('list_day'),
  listed_at: placed(
    'listed_at',
    `CASE WHEN excluded.listed_at IS NULL AND excluded.list_day = p.list_day AND p.sample = excluded.sample
      THEN p.listed_at ELSE excluded.listed_at END`,
  ),
  list_position: placed('list_position'),
  url: kept('url'),
  pdf_url: kept('pdf_url'),
  code_url: kept('code_url'),
  project_url: kept('project_url'),
  sample: 'excluded.sample',
  announced: 'excluded.announced AND (p.announced OR p.sample)',
  version: 'greatest(p.version, excluded.version)',
  withdrawn_at: `
    CASE WHEN excluded.withdrawn_at IS NOT NULL AND NOT ${older} THEN coalesce(p.withdrawn_at, excluded.withdrawn_at)
      WHEN excluded.version > coalesce(p.version, 1) THEN NULL ELSE p.withdrawn_at END`,
  // Both payloads are kept: arXiv's stands in the list's as "arxiv".
  raw: `
    CASE WHEN ${beside} AND (p.announced OR p.raw ? 'arxiv' AND ${heard}) THEN p.raw
      WHEN ${beside} THEN p.raw || jsonb_build_object('arxiv', excluded.raw)
      WHEN p.announced AND NOT excluded.announced THEN excluded.raw || jsonb_build_object('arxiv', p.raw)
      WHEN p.raw ? 'arxiv' AND NOT excluded.announced THEN excluded.raw || jsonb_build_object('arxiv', p.raw -> 'arxiv')
      ELSE excluded.raw END`,
}
export const COLUMNS = sql.raw(Object.keys(MERGED).join(', '))
export const ASSIGNMENTS = sql.raw(
  Object.entries(MERGED)
    .map(([column, value]) => `${column} = ${value}`)
    .join(', '),
)
export const OLD_ROW = sql.raw(
  Object.keys(MERGED)
    .map((column) => `p.${column}`)
    .join(', '),
)
export const NEW_ROW = sql.raw(Object.values(MERGED).join(', '))

/** The votes in a payload: which of two lists that count as of the same moment was read later. */
const votesIn = (raw: string) =>
  `coalesce(CASE WHEN jsonb_typeof(${raw} #> '{paper,upvotes}') = 'number' THEN (${raw} #>> '{paper,upvotes}')::numeric
    WHEN jsonb_typeof(${raw} -> 'votes') = 'number' THEN (${raw} ->> 'votes')::numeric END, 0)`
const poorer = sql.raw(
  `(${votesIn('excluded.raw')}, length(excluded.raw::text)) < (${votesIn('p.raw')}, length(p.raw::text))`,
)

/**
 * Whether a known paper's row may change: a real list replaces a sample, a list replaces an announcement, an announcement fills in,
 * and of two lists the one for the later day counts, unless the row has a snapshot newer than it. Files do not say when they were
 * read: of two that count as of the same moment the one with more votes, or with more to say, stands, so that importing both again changes nothing.
 */
export const mayChange = (observedAt: Date): SQL => sql`
  p.sample AND NOT excluded.sample
  OR p.sample = excluded.sample AND (excluded.announced OR p.announced OR excluded.list_day >= p.list_day
    AND NOT EXISTS (SELECT FROM signals s WHERE s.paper_id = p.id
      AND (s.observed_at > ${observedAt} OR s.observed_at = ${observedAt} AND ${poorer})))`
