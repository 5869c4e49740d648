import { type SQL, sql } from 'drizzle-orm'
import { readable } from '../readable.ts'
import { TOPIC_RULES, topicsOf } from '../topics/topics.ts'
import type { ListedPaper } from './listed-paper.ts'

/** Returns papers as one relation `r` from one JSON parameter. */
export const rowsOf = (papers: readonly ListedPaper[], observedAt: Date): SQL => sql`
  jsonb_to_recordset(${JSON.stringify(papers.map((paper) => rowOf(paper, observedAt)))}::jsonb) AS r(
    source text, source_id text, title text, abstract text, shown_title text, shown_abstract text, shown_authors text[], summary text, shown_summary text, summary_by_ai boolean, authors text[],
    organization text, shown_organization text, submitter text, keywords text[], shown_keywords text[], categories text[], topics text[], topic_rules smallint, published_at timestamptz, list_day date, listed_at timestamptz, list_position integer, url text,
    pdf_url text, code_url text, project_url text, sample boolean, announced boolean, revision boolean, version smallint, withdrawn_at timestamptz,
    raw jsonb, weight real, votes integer, comments integer, stars integer)`

/** Returns the papers' votes as one relation `r`. */
export const votesOf = (papers: readonly ListedPaper[]): SQL => sql`
  json_to_recordset(${JSON.stringify(
    papers.map(({ source, sourceId, votes, comments, stars }) => ({
      source,
      source_id: sourceId,
      votes,
      comments,
      stars,
    })),
  )}::json) AS r(source text, source_id text, votes integer, comments integer, stars integer)`

/** Returns the readable text, or undefined when it equals the source's. */
const shown = (text: string | undefined): string | undefined => {
  const made = text && readable(text)
  return made === text ? undefined : made
}

const shownAll = (texts: readonly string[]): string[] | undefined =>
  texts.some((text) => shown(text) !== undefined) ? texts.map(readable) : undefined

const rowOf = (paper: ListedPaper, observedAt: Date) => ({
  source: paper.source,
  source_id: paper.sourceId,
  title: paper.title,
  abstract: paper.abstract,
  shown_title: shown(paper.title),
  shown_abstract: shown(paper.abstract),
  shown_authors: shownAll(paper.authors),
  summary: paper.summary,
  shown_summary: shown(paper.summary),
  summary_by_ai: paper.summaryByAi ?? false,
  authors: paper.authors,
  organization: paper.organization,
  shown_organization: shown(paper.organization),
  submitter: paper.submitter,
  keywords: paper.keywords,
  shown_keywords: shownAll(paper.keywords),
  categories: paper.categories ?? [],
  topics: topicsOf(paper),
  topic_rules: TOPIC_RULES,
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
  weight: paper.weight ?? 1,
  votes: paper.votes,
  comments: paper.comments,
  stars: paper.stars,
})

/** A version that arXiv already reported. Its first report stays, or two formats would overwrite each other in turn. */
const knownVersion = 'coalesce(excluded.version, 1) <= coalesce(p.version, 1)'
/** An arXiv record of a listed paper, or a repeated announcement. It only fills empty columns. */
const fillsGaps = `excluded.announced AND NOT p.sample AND (NOT p.announced OR ${knownVersion})`
/**
 * Text of an older version than the stored one. Lists never name a version and copy the first one's text.
 * A paper known only from lists has no version, so nothing is older.
 */
const older = '(coalesce(p.version, 1) > coalesce(excluded.version, 1) AND NOT p.sample)'

/** Keeps the stored value when the new one is empty, unless it was a sample's. @param by the column that decides */
const kept = (column: string, empty = 'IS NULL', by = column) => `
  CASE WHEN p.sample <> excluded.sample THEN excluded.${column} WHEN excluded.${by} ${empty} THEN p.${column}
    WHEN ${fillsGaps} AND NOT p.${by} ${empty} THEN p.${column} ELSE excluded.${column} END`

/** Text that a new version changes. */
const versioned = (column: string, by = column) => `
  CASE WHEN ${older} OR excluded.${by} = '' AND p.sample = excluded.sample THEN p.${column}
    WHEN ${fillsGaps} AND ${knownVersion} AND p.${by} <> '' THEN p.${column}
    ELSE excluded.${column} END`

/** A link, which may be to a version. */
const linked = (column: string) =>
  `CASE WHEN ${older} AND p.${column} IS NOT NULL THEN p.${column} ELSE ${kept(column)} END`

/** A position on a list. An announcement never changes an existing one. */
const listed = (column: string, otherwise = `excluded.${column}`) =>
  `CASE WHEN excluded.announced AND NOT p.sample THEN p.${column} ELSE ${otherwise} END`

/** The parts of a paper that decide its topics. */
const DESCRIBING = {
  title: versioned('title'),
  abstract: versioned('abstract'),
  keywords: kept('keywords', "= '{}'"),
  categories: kept('categories', "= '{}'"),
}
const isDescribedAnew = `((${Object.keys(DESCRIBING)
  .map((column) => `p.${column}`)
  .join(', ')}) IS DISTINCT FROM (${Object.values(DESCRIBING).join(', ')}))`

/** The new value of each column of a known paper. */
const MERGED: Record<string, string> = {
  ...DESCRIBING,
  shown_title: versioned('shown_title', 'title'),
  shown_abstract: versioned('shown_abstract', 'abstract'),
  summary: kept('summary'),
  shown_summary: kept('shown_summary', 'IS NULL', 'summary'),
  summary_by_ai: kept('summary_by_ai', 'IS NULL', 'summary'),
  authors: kept('authors', "= '{}'"),
  shown_authors: kept('shown_authors', "= '{}'", 'authors'),
  organization: kept('organization'),
  shown_organization: kept('shown_organization', 'IS NULL', 'organization'),
  submitter: kept('submitter'),
  shown_keywords: kept('shown_keywords', "= '{}'", 'keywords'),
  // Of both sources. Where the text or keywords change, a worker gives the paper its topics again (topics/refresh-topics.ts).
  topics: `
    CASE WHEN p.sample <> excluded.sample THEN excluded.topics WHEN NOT ${isDescribedAnew} THEN p.topics
      ELSE p.topics || ARRAY(SELECT topic FROM unnest(excluded.topics) AS topic WHERE topic <> ALL(p.topics)) END`,
  topic_rules: `CASE WHEN ${isDescribedAnew} THEN 0 ELSE p.topic_rules END`,
  published_at: kept('published_at'),
  list_day: listed('list_day'),
  listed_at: listed(
    'listed_at',
    `CASE WHEN excluded.listed_at IS NULL AND excluded.list_day = p.list_day AND p.sample = excluded.sample
      THEN p.listed_at ELSE excluded.listed_at END`,
  ),
  list_position: listed('list_position'),
  url: linked('url'),
  pdf_url: linked('pdf_url'),
  code_url: kept('code_url'),
  project_url: kept('project_url'),
  sample: 'excluded.sample',
  weight: 'greatest(p.weight, excluded.weight)',
  announced: 'excluded.announced AND (p.announced OR p.sample)',
  version: 'greatest(p.version, excluded.version)',
  withdrawn_at: `
    CASE WHEN excluded.withdrawn_at IS NOT NULL AND NOT ${older} THEN coalesce(p.withdrawn_at, excluded.withdrawn_at)
      WHEN excluded.version > coalesce(p.version, 1) THEN NULL ELSE p.withdrawn_at END`,
  // Both payloads are stored: arXiv's is in the list's as "arxiv".
  raw: `
    CASE WHEN ${fillsGaps} AND (p.announced OR p.raw ? 'arxiv' AND ${knownVersion}) THEN p.raw
      WHEN ${fillsGaps} THEN p.raw || jsonb_build_object('arxiv', excluded.raw)
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

/** The votes in a payload. They show which of two lists with the same observation time was read later. */
const votesIn = (raw: string) =>
  `coalesce(CASE WHEN jsonb_typeof(${raw} #> '{paper,upvotes}') = 'number' THEN (${raw} #>> '{paper,upvotes}')::numeric
    WHEN jsonb_typeof(${raw} -> 'votes') = 'number' THEN (${raw} ->> 'votes')::numeric END, 0)`
const poorer = sql.raw(
  `(${votesIn('excluded.raw')}, length(excluded.raw::text)) < (${votesIn('p.raw')}, length(p.raw::text))`,
)

/**
 * Returns the condition for changing a known paper's row.
 * A real list replaces a sample, a list replaces an announcement, and an announcement fills gaps.
 * Of two lists, the later day wins, unless the row has a newer snapshot.
 * Files do not record when they were read. Of two with the same time, the one with more votes or more text wins.
 * So importing both again changes nothing.
 */
export const mayChange = (observedAt: Date): SQL => sql`
  p.sample AND NOT excluded.sample
  OR p.sample = excluded.sample AND (excluded.announced OR p.announced OR excluded.list_day >= p.list_day
    AND NOT EXISTS (SELECT FROM signals s WHERE s.paper_id = p.id
      AND (s.observed_at > ${observedAt} OR s.observed_at = ${observedAt} AND ${poorer})))`
