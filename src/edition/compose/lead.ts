import { sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Messages } from '../../messages/catalogue.ts'
import { isField, topicName } from '../../papers/topics/topics.ts'
import type { Db } from '../../runtime/db/database.ts'
import { query } from '../../runtime/db/query.ts'
import type { CardPaper } from './card.ts'

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
  const rows = await query(
    db,
    z.object({ slug: z.string(), papers: z.number(), usual: z.number().nullable() }),
    sql`
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
    ORDER BY papers DESC, slug`,
  )
  return rows.filter(({ slug }) => isField(slug))
}

/**
 * Writes the lead of an edition: which field its first ten papers favour, and which paper has most votes. It states only facts that
 * the tables hold. Empty without any.
 *
 * @param names the papers' short names, by position
 */
export function describeLead(
  {
    fields,
    papers,
    names,
  }: { fields: readonly FieldInTopTen[]; papers: readonly CardPaper[]; names: readonly string[] },
  kind: 'daily' | 'weekly',
  t: Messages,
): string {
  return [describeField(fields, papers, kind, t), describeLeader(papers, names, t)].filter(Boolean).join(' ')
}

function describeField(
  fields: readonly FieldInTopTen[],
  papers: readonly CardPaper[],
  kind: 'daily' | 'weekly',
  { lead }: Messages,
): string | undefined {
  const of = Math.min(10, papers.filter(({ section }) => section !== 'rising').length)
  const many = fields.filter(({ papers }) => papers >= FEWEST_PAPERS)
  const [unusual] = many
    .filter(({ papers, usual }) => usual !== null && papers >= STANDS_OUT * usual)
    .sort((a, b) => a.usual! / a.papers - b.usual! / b.papers)
  if (unusual) return lead.standsOut(topicName(unusual.slug), unusual.papers, of, kind)
  const [first, second] = many
  return first && first.papers > (second?.papers ?? 0)
    ? lead.leads(topicName(first.slug), first.papers, of, kind)
    : undefined
}

/** The paper with most votes. Three or more with the same number are not named. */
function describeLeader(papers: readonly CardPaper[], names: readonly string[], t: Messages): string | undefined {
  const listed = papers.filter(({ section }) => section !== 'rising')
  const most = Math.max(0, ...listed.map(({ votes }) => votes ?? 0))
  if (most < 2) return undefined
  const [first, second, ...more] = listed.filter(({ votes }) => votes === most).map(({ position }) => names[position]!)
  const votes = t.paper.votes(most)
  if (more.length > 0) return undefined
  return second === undefined ? t.lead.mostVotes(first!, votes) : t.lead.shared(first!, second, votes)
}
