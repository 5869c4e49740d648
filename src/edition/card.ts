import { authorLine, readable, sentences } from '../papers/readable.ts'

/** A paper of a released edition, as it goes into a card. `title`, `abstract`, `summary` as the source gave them. */
export interface CardPaper {
  position: number
  section: string
  title: string
  abstract: string
  summary: string | null
  authors: string[]
  organization: string | null
  reason: string
  note: string | null
  votes: number | null
  stars: number | null
  url: string | null
  pdfUrl: string | null
  codeUrl: string | null
  projectUrl: string | null
}

/** The most characters of each text of a card; a longer address gets no link. */
export interface CardLengths {
  title: number
  byline: number
  summary: number
  note: number
  url: number
}

/** What cards are cut to, and what instead where a digest would be longer than mail programs show. */
export const CARD_LENGTHS: readonly CardLengths[] = [
  { title: 300, byline: 240, summary: 320, note: 400, url: 400 },
  { title: 200, byline: 120, summary: 160, note: 160, url: 200 },
  { title: 100, byline: 60, summary: 80, note: 60, url: 100 },
]

/** What the templates show of a paper: readable, and cut to `most`. */
export function cardOf(paper: CardPaper, most: CardLengths) {
  const short = (text: string, characters: number) => sentences(readable(text), characters)
  const reachable = (url: string | null) => (url !== null && url.length <= most.url ? url : null)
  const links = [
    { label: 'Paper', url: reachable(paper.url) },
    { label: 'PDF', url: reachable(paper.pdfUrl) },
    { label: !paper.stars ? 'Code' : `Code ★${shortCount(paper.stars)}`, url: reachable(paper.codeUrl) },
    { label: 'Project', url: reachable(paper.projectUrl) },
  ]
  return {
    position: paper.position,
    title: short(paper.title, most.title),
    byline: sentences(
      [authorLine(paper.authors.map(readable)), readable(paper.organization ?? '')].filter(Boolean).join(' · '),
      most.byline,
    ),
    summary: short(paper.summary ?? paper.abstract, most.summary),
    note: paper.note === null ? null : short(paper.note, most.note),
    facts: paper.reason,
    url: reachable(paper.url),
    links: links.filter((link): link is { label: string; url: string } => link.url !== null),
  }
}

/** 987 → "987", 1240 → "1.2k". */
const shortCount = (n: number): string => (n < 1000 ? String(n) : `${(n / 1000).toFixed(n < 10_000 ? 1 : 0)}k`)
