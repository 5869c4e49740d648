import { isolated } from '../../lib/isolated.ts'
import type { Messages } from '../../messages/catalogue.ts'
import { topicName } from '../../papers/topics/topic-name.ts'
import { isField } from '../../papers/topics/topics.ts'
import type { Db } from '../../runtime/db/database.ts'
import { number, query, text } from '../../runtime/db/query.ts'

/** A field of research among an edition's first ten papers. */
export interface FieldInTopTen {
  slug: string
  papers: number
  /** the mean of earlier editions; null without enough of them */
  usual: number | null
}

/** Fewer papers of a field are no news. */
const FEWEST_PAPERS = 3
/** This many times as many as usual is news, whichever field has most. */
const STANDS_OUT = 2
const FEWEST_EDITIONS = 5
const EARLIER_EDITIONS = 20

/** Counts the fields of an edition's first ten papers, and of the earlier editions of its kind. */
export async function readFields(
  db: Db,
  edition: { id: number; kind: 'daily' | 'weekly'; date: string },
): Promise<FieldInTopTen[]> {
  const rows = await query(db, { slug: text, papers: number, usual: number.nullable() })`
    WITH earlier AS (
      SELECT id FROM editions WHERE kind = ${edition.kind} AND date < ${edition.date} AND state <> 'cancelled'
      ORDER BY date DESC LIMIT ${EARLIER_EDITIONS}
    ), tops AS (
      SELECT ep.edition_id, slug FROM edition_papers ep JOIN papers p ON p.id = ep.paper_id, unnest(p.topics) AS slug
      WHERE (ep.edition_id = ${edition.id} OR ep.edition_id IN (SELECT id FROM earlier)) AND ep.position < 10 AND ep.section <> 'rising'
    )
    SELECT slug, count(*) FILTER (WHERE edition_id = ${edition.id})::int AS papers,
      CASE WHEN (SELECT count(*) FROM earlier) >= ${FEWEST_EDITIONS}
        THEN count(*) FILTER (WHERE edition_id <> ${edition.id})::float8 / (SELECT count(*) FROM earlier) END AS usual
    FROM tops GROUP BY slug HAVING count(*) FILTER (WHERE edition_id = ${edition.id}) > 0
    ORDER BY papers DESC, slug`
  return rows.filter(({ slug }) => isField(slug))
}

/** A paper on a list, in its order. */
interface Listed {
  /** its short name */
  name: string
  section: string
  votes: number | null
}

/** Counts the fields of a list's first ten papers, without earlier lists to compare them with. */
export function countFields(papers: readonly { topics: readonly string[] }[]): FieldInTopTen[] {
  const slugs = papers.slice(0, 10).flatMap(({ topics }) => topics.filter(isField))
  return [...Map.groupBy(slugs, (slug) => slug)]
    .map(([slug, own]) => ({ slug, papers: own.length, usual: null }))
    .sort((a, b) => b.papers - a.papers)
}

/**
 * Writes the lead of a list: which field its first ten papers favour, and which paper has most votes. It states only facts that the
 * tables hold. Empty without any.
 */
export function describeLead(fields: readonly FieldInTopTen[], papers: readonly Listed[], t: Messages): string {
  const listed = papers.filter(({ section }) => section !== 'rising')
  return [describeField(fields, Math.min(10, listed.length), t), describeLeader(listed, t)]
    .filter(Boolean)
    .join(t.punctuation.space)
}

function describeField(fields: readonly FieldInTopTen[], of: number, t: Messages): string | undefined {
  const many = fields.filter(({ papers }) => papers >= FEWEST_PAPERS)
  const [unusual] = many
    .filter(({ papers, usual }) => usual !== null && papers >= STANDS_OUT * usual)
    .sort((a, b) => a.usual! / a.papers - b.usual! / b.papers)
  if (unusual) return t.lead.standsOut(topicName(unusual.slug, t), unusual.papers, of)
  const [first, second] = many
  return first && first.papers > (second?.papers ?? 0)
    ? t.lead.leads(topicName(first.slug, t), first.papers, of)
    : undefined
}

/** The paper with most votes. Three or more with the same number are not named, nor is a list's only paper. */
function describeLeader(papers: readonly Listed[], t: Messages): string | undefined {
  const most = Math.max(0, ...papers.map(({ votes }) => votes ?? 0))
  if (most < 2 || papers.length === 1) return undefined
  const [first, second, ...more] = papers.filter(({ votes }) => votes === most)
  if (more.length > 0) return undefined
  const votes = t.paper.votes(most)
  const [name, other] = [first, second].map((paper) => paper && isolated(paper.name))
  return other === undefined ? t.lead.mostVotes(name!, votes) : t.lead.shared(name!, other, votes)
}
