import { asc, eq, sql } from 'drizzle-orm'
import { daysLater } from '../../calendar/days.ts'
import { listedIn } from '../../papers/ranking/list-votes.ts'
import { StoredFacts } from '../../papers/ranking/reason.ts'
import type { Config } from '../../runtime/config/config.ts'
import type { Db } from '../../runtime/db/database.ts'
import { number, queryOne } from '../../runtime/db/query.ts'
import { editionPapers, papers } from '../../runtime/db/schema.ts'
import { type Correction, findCorrections } from '../draft/corrections.ts'
import { findNotices, type ReportedNotice } from '../draft/notices.ts'
import type { CardPaper } from './card.ts'
import { type FieldInTopTen, readFields } from './lead.ts'
import { readWeek, type Week } from './week.ts'

/** The input of `composeEdition`, the same in every language. */
export interface ComposingInput {
  papers: CardPaper[]
  /** papers on its list; an edition may omit some of them and include some of earlier days */
  listed: number
  corrections: Correction[]
  /** the curator's corrections of earlier editions */
  notices?: readonly ReportedNotice[]
  /** for the lead */
  fields?: readonly FieldInTopTen[]
  /** of a weekly edition */
  week?: Week | undefined
}

interface Edition {
  id: number
  kind: 'daily' | 'weekly'
  date: string
  closesAt: Date
}

export async function readComposingInput(
  db: Db,
  edition: Edition,
  at: Date,
  { EDITION_CLOSE_HOUR_UTC }: Pick<Config, 'EDITION_CLOSE_HOUR_UTC'>,
): Promise<ComposingInput> {
  return {
    papers: await readCardPapers(db, edition.id),
    listed: await countListed(db, edition),
    corrections: await findCorrections(db, edition, at),
    notices: await findNotices(db, edition),
    fields: await readFields(db, edition),
    week: edition.kind === 'weekly' ? await readWeek(db, edition, EDITION_CLOSE_HOUR_UTC) : undefined,
  }
}

/** Reads the edition's papers in its order. */
async function readCardPapers(db: Db, editionId: number): Promise<CardPaper[]> {
  const rows = await db
    .select({
      paperId: papers.id,
      source: papers.source,
      sourceId: papers.sourceId,
      position: editionPapers.position,
      section: editionPapers.section,
      curator: editionPapers.curator,
      note: editionPapers.note,
      votes: editionPapers.votes,
      comments: editionPapers.comments,
      facts: editionPapers.facts,
      stars: editionPapers.stars,
      title: papers.title,
      abstract: papers.abstract,
      summary: papers.summary,
      summaryByAi: papers.summaryByAi,
      listDay: papers.listDay,
      authors: papers.authors,
      organization: papers.organization,
      url: papers.url,
      pdfUrl: papers.pdfUrl,
      codeUrl: papers.codeUrl,
      projectUrl: papers.projectUrl,
      discussionUrl: sql<string | null>`
        CASE WHEN ${papers.source} = 'arxiv' AND ${papers.raw} ? 'paper'
        THEN 'https://huggingface.co/papers/' || ${papers.sourceId} END`,
      withdrawn: sql<boolean>`${papers.withdrawnAt} IS NOT NULL`,
    })
    .from(editionPapers)
    .innerJoin(papers, eq(papers.id, editionPapers.paperId))
    .where(eq(editionPapers.editionId, editionId))
    .orderBy(asc(editionPapers.position))
  return rows.map((row) => ({ ...row, facts: StoredFacts.parse(row.facts) }))
}

/** Counts the papers on the edition's list, as its page shows it. */
async function countListed(db: Db, { kind, date }: Edition): Promise<number> {
  const lastDay = daysLater(date, kind === 'weekly' ? 6 : 0)
  const { listed } = await queryOne(db, { listed: number })`
    SELECT count(*)::int AS listed FROM papers p ${listedIn(sql`p.list_day BETWEEN ${date}::date AND ${lastDay}::date`)}`
  return listed
}
