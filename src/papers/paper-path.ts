/** Identifies a paper in the database and in links. */
export interface PaperKey {
  id: number
  source: string
  sourceId: string
}

/**
 * Returns the path of a paper's page: /papers/2604.10098 by its arXiv id, which is the same in every database.
 * The slash of an old id (hep-th/9901001) becomes %2F. Another paper has its DOI, with its slashes: /papers/10.1101/2026.04.01.123456
 * (http/kit/slashes-in-paths.ts). A paper without either has its database id.
 */
export function paperPath({ id, source, sourceId }: PaperKey): string {
  switch (source) {
    case 'arxiv':
      return `/papers/${encodeURIComponent(sourceId)}`
    case 'doi':
      return `/papers/${sourceId.split('/').map(encodeURIComponent).join('/')}`
    default:
      return `/papers/${id}`
  }
}
