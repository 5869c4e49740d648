import { en, type Messages } from '../../messages/en.ts'

/** Names of papers, short enough for a subject line. */

/** How many characters a reader counts: an emoji with its joiners is one. */
export const visibleLength = (text: string): number => [...graphemes.segment(text)].length
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** A title's name for itself: what stands before the colon, else its first words, at most `most` visible characters. */
export function headTitle(title: string, most: number): string {
  const head = title.split(/[:：]| [–—-] /)[0]!.trim()
  const text = visibleLength(head) >= 3 ? head : title
  const characters = [...graphemes.segment(text.slice(0, most * 16))].map(({ segment }) => segment)
  if (characters.length <= most && text.length <= most * 16) return text
  const room = characters.slice(0, most - 1)
  const space = room.lastIndexOf(' ')
  const cut = space >= most / 2 ? room.slice(0, space) : room
  return `${cut.join('').replace(/[\s,;(–—-]+$/, '')}…`
}

/** What of a subject stands before the date; phones show about this much. */
const MOST_VISIBLE = 60

/**
 * "TinySAM, sparse fine-tuning and 8 more": as many of the first two names as leave it at 60 visible characters.
 * @param names of the papers in the digest's order, as `headTitle` gives them
 */
export function whatIsInside(names: readonly string[], count: number, t: Messages = en): string {
  const saying = (shown: readonly string[]) =>
    [shown.join(', '), ...(count > shown.length ? [t.digest.andMore(count - shown.length)] : [])].join(' ')
  const two = saying(names.slice(0, 2))
  return visibleLength(two) <= MOST_VISIBLE ? two : saying(names.slice(0, 1))
}
