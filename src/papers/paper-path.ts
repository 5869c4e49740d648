/** Identifies a paper in the database and in links. */
export interface PaperKey {
  id: number
  source: string
  sourceId: string
}

/**
 * Returns the path of a paper's page: /papers/2604.10098 by its arXiv id, which is the same in every database.
 * A paper without one has its database id. The slash of an old id (hep-th/9901001) becomes %2F.
 */
export const paperPath = ({ id, source, sourceId }: PaperKey): string =>
  `/papers/${source === 'arxiv' ? encodeURIComponent(sourceId) : id}`
