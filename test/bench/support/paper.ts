import type { CardPaper } from '../../../src/edition/compose/card.ts'

/** A paper of a made-up edition, with everything a card can show. */
export const paper = (position: number): CardPaper => ({
  source: 'arxiv',
  sourceId: `2604.${10_000 + position}`,
  paperId: 1000 + position,
  position,
  section: position < 3 ? 'picks' : 'top',
  title: `Paper ${position}: Learning to Reason over Long Contexts with Sparse Attention and Retrieval`,
  abstract: '',
  summary:
    'A method that keeps what matters of a long context and forgets the rest, with results on par with full attention at a fraction of its cost on twelve benchmarks.',
  authors: ['Ada Lovelace', 'Charles Babbage', 'Mary Somerville', 'Augustus De Morgan', 'George Boole'],
  organization: 'Analytical Engines',
  curator: position < 3 ? 'AK' : null,
  note: position < 3 ? 'Worth a Sunday.' : null,
  votes: 200 - position,
  comments: 5,
  facts: { list: { timing: 'closing', of: 31, rank: 2 } },
  stars: 1240,
  url: `https://arxiv.org/abs/2604.${10_000 + position}`,
  pdfUrl: `https://arxiv.org/pdf/2604.${10_000 + position}`,
  codeUrl: 'https://github.com/ada/engine',
  projectUrl: null,
  discussionUrl: `https://huggingface.co/papers/2604.${10_000 + position}`,
  withdrawn: false,
  summaryByAi: true,
  listDay: '2026-04-14',
})
