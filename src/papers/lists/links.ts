import { eq } from 'drizzle-orm'
import type { Db } from '../../runtime/db/database.ts'
import { papers } from '../../runtime/db/schema.ts'

/** Where a mail's links to a paper lead, by the name that stands in a counted link. */
export const LINKS = ['paper', 'pdf', 'code', 'project', 'discussion'] as const
export type LinkName = (typeof LINKS)[number]

export const isLink = (name: string): name is LinkName => LINKS.some((link) => link === name)

const COLUMN = { paper: papers.url, pdf: papers.pdfUrl, code: papers.codeUrl, project: papers.projectUrl } as const

/**
 * A paper's link. It comes from the paper's own row and never from a request, so that nobody can make it lead elsewhere.
 * @returns undefined where the paper has none
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
