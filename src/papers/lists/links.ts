import { eq } from 'drizzle-orm'
import type { Db } from '../../runtime/db/database.ts'
import { papers } from '../../runtime/db/schema.ts'

/** The kinds of links to a paper in an email, as counted links name them. */
const LINKS = ['paper', 'pdf', 'code', 'project', 'discussion'] as const
export type LinkName = (typeof LINKS)[number]

export const isLink = (name: string): name is LinkName => LINKS.some((link) => link === name)

const COLUMN = { paper: papers.url, pdf: papers.pdfUrl, code: papers.codeUrl, project: papers.projectUrl } as const

/**
 * Returns a paper's link, or undefined when it has none.
 * It comes from the paper's row and never from the request. Otherwise this would be an open redirect.
 */
export async function linkOf(db: Db, paperId: number, link: LinkName): Promise<string | undefined> {
  if (link === 'discussion') {
    const [paper] = await db
      .select({ source: papers.source, id: papers.sourceId })
      .from(papers)
      .where(eq(papers.id, paperId))
    return paper?.source === 'arxiv' ? `https://huggingface.co/papers/${paper.id}` : undefined
  }
  const [paper] = await db.select({ url: COLUMN[link], pdf: papers.pdfUrl }).from(papers).where(eq(papers.id, paperId))
  return paper?.url ?? (link === 'paper' ? paper?.pdf : undefined) ?? undefined
}
