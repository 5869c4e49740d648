/** What names a paper, in the tables and in a link. */
export interface PaperKey {
  id: number
  source: string
  sourceId: string
}

/**
 * The path of a paper's page: /papers/2604.10098 by its arXiv id, which stays the same in every database; by its number here where it
 * has none. The slash of an old id (hep-th/9901001) is written %2F.
 */
export const paperPath = ({ id, source, sourceId }: PaperKey): string =>
  `/papers/${source === 'arxiv' ? encodeURIComponent(sourceId) : id}`
