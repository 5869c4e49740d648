import { sentenceEnds } from '../readable.ts'

/** A piece of plain text, which a page must escape. */
export interface Piece {
  text: string
  /** whether to emphasise it */
  hit: boolean
}

/** A word of a text that was searched for: its place, and which word it is. */
export interface Hit {
  start: number
  end: number
  word: string
}

interface Span {
  start: number
  end: number
}

/** Some three lines. */
const MOST_CHARACTERS = 240
/** Text before the first hit of a sentence that is too long. */
const LEAD_CHARACTERS = 70

/** Returns a whole text in pieces. */
export const piecesOf = (text: string, hits: readonly Hit[]): Piece[] =>
  cutPieces(text, hits, { start: 0, end: text.length })

/**
 * Returns the consecutive sentences with the most of the words searched for, in pieces.
 * A sentence that is too long is cut between words. "…" stands where text is omitted.
 */
export function snippetOf(text: string, hits: readonly Hit[]): Piece[] {
  const span = bestSpan(text, hits)
  const before = span.start > 0 ? [{ text: '… ', hit: false }] : []
  const after = span.end < text.length ? [{ text: ' …', hit: false }] : []
  return joinPieces([...before, ...cutPieces(text, hits, span), ...after])
}

function bestSpan(text: string, hits: readonly Hit[]): Span {
  const sentences = sentencesIn(text)
  let best: { span: Span; score: number } | undefined
  for (const [first, { start, end: firstEnd }] of sentences.entries()) {
    for (const { end } of sentences.slice(first)) {
      if (end > firstEnd && end - start > MOST_CHARACTERS) break
      const span = end - start > MOST_CHARACTERS ? cutSentence(text, hits, { start, end }) : { start, end }
      const inside = hitsIn(hits, span)
      // Different words first; then how many there are.
      const score = new Set(inside.map(({ word }) => word)).size * text.length + inside.length
      // Among equals, the first one with the most sentences.
      if (!best || score > best.score || (score === best.score && span.start === best.span.start))
        best = { span, score }
    }
  }
  return best?.span ?? { start: 0, end: text.length }
}

function sentencesIn(text: string): Span[] {
  const ends = [...sentenceEnds(text), text.length]
  return ends.flatMap((end, at) => {
    const start = at === 0 ? 0 : ends[at - 1]! + /^\s*/.exec(text.slice(ends[at - 1]))![0].length
    return end > start ? [{ start, end }] : []
  })
}

/** Cuts a long sentence around its first hit, between words. */
function cutSentence(text: string, hits: readonly Hit[], { start, end }: Span): Span {
  const first = hitsIn(hits, { start, end })[0]?.start ?? start
  const from = first - LEAD_CHARACTERS <= start ? start : first - LEAD_CHARACTERS
  const begin = from === start ? start : Math.min(nextBorder(text, from), first)
  const until = begin + MOST_CHARACTERS
  return until >= end ? { start: begin, end } : { start: begin, end: lastBorder(text, begin, until) }
}

/** Returns where the next word begins. Text without spaces is cut between characters. */
function nextBorder(text: string, from: number): number {
  const space = text.slice(from, from + LEAD_CHARACTERS).search(/\s\S/)
  return space >= 0 ? from + space + 1 : wholeCharacter(text, from)
}

function lastBorder(text: string, begin: number, until: number): number {
  const space = text.slice(begin, until).search(/[\s,;:(–—-]+\S*$/)
  return space > MOST_CHARACTERS / 2 ? begin + space : wholeCharacter(text, until)
}

/** Moves out of the middle of a surrogate pair. */
const wholeCharacter = (text: string, at: number): number => (/[\udc00-\udfff]/.test(text[at] ?? '') ? at - 1 : at)

const hitsIn = (hits: readonly Hit[], { start, end }: Span): Hit[] =>
  hits.filter((hit) => hit.start >= start && hit.end <= end)

function cutPieces(text: string, hits: readonly Hit[], span: Span): Piece[] {
  const pieces: Piece[] = []
  let at = span.start
  for (const { start, end } of hitsIn(hits, span)) {
    if (end <= at) continue
    pieces.push({ text: text.slice(at, start), hit: false }, { text: text.slice(Math.max(start, at), end), hit: true })
    at = end
  }
  return joinPieces([...pieces, { text: text.slice(at, span.end), hit: false }])
}

function joinPieces(pieces: readonly Piece[]): Piece[] {
  const joined: Piece[] = []
  for (const piece of pieces) {
    const last = joined.at(-1)
    if (last && last.hit === piece.hit) last.text += piece.text
    else if (piece.text !== '') joined.push({ ...piece })
  }
  return joined
}
