export interface Rankable {
  id: number
  listPosition: number
  /** null or undefined: the source gave none */
  votes?: number | null | undefined
  /** from listing to the moment the votes were counted */
  ageHours?: number | null | undefined
}

/**
 * votes / √(age + 4). On 84 real days it put the list seen in the morning in the order of the final votes with NDCG@10 .9776;
 * raw votes .9755, Reddit's formula .9752, Hacker News' .9721 (npm run bench -- ranking). Age counts little, since a list is one day old at most.
 */
export const score = (votes: number, ageHours: number): number => votes / Math.sqrt(Math.max(ageHours, 0) + 4)

/** Best first. Ties keep the list's order, and so do papers whose votes are unknown, behind those whose votes are known. */
export function rankPapers<P extends Rankable>(papers: readonly P[]): (P & { score: number })[] {
  const isKnown = (paper: P) => typeof paper.votes === 'number'
  return papers
    .map((paper) => ({ ...paper, score: score(paper.votes ?? 0, paper.ageHours ?? 0) }))
    .sort(
      (a, b) =>
        Number(isKnown(b)) - Number(isKnown(a)) || b.score - a.score || a.listPosition - b.listPosition || a.id - b.id,
    )
}
