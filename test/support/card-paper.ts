import type { CardPaper } from '../../src/edition/compose/card.ts'

/** A paper of the edition of 14 April 2026, as its card shows it: `facts` over plain ones, and without links, votes or a reason. */
export const cardPaper = (facts: Partial<CardPaper> & { position: number }): CardPaper => ({
  source: 'arxiv',
  sourceId: `2604.${10_000 + facts.position}`,
  paperId: facts.position,
  section: 'top',
  title: `Paper number ${facts.position}`,
  abstract: '',
  summary: null,
  summaryByAi: false,
  authors: [],
  organization: null,
  curator: null,
  note: null,
  votes: null,
  comments: null,
  facts: {},
  stars: null,
  url: null,
  pdfUrl: null,
  codeUrl: null,
  projectUrl: null,
  discussionUrl: null,
  withdrawn: false,
  listDay: '2026-04-14',
  ...facts,
})
