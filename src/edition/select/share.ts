import type { SelectionIndex } from './selection-index.ts'
import { sumFits, type Wish } from './wishes.ts'

/** The shares that readers choose from: how much of a digest is for their wishes. */
export const SHARES = { some: 0.4, mostly: 0.8, only: 1 } as const

/** The papers of a digest, without "still rising". */
export interface Shared {
  /** positions of papers that the community ranked high enough, ascending */
  top: number[]
  /** positions of papers from further down, which only the reader's wishes brought in */
  own: number[]
}

/**
 * Fills the places of a digest: the list's first papers, with the reader's share for their wishes.
 *
 * The places of the share go round the wishes. Each goes to the wish that has the fewest so far, and of those to the one with the
 * fewest papers, so that a broad wish cannot crowd out a narrow one. The wish uses it for its best paper: one of the list's first,
 * which takes no place from others, else one from further down. For that one, the last of the list's first gives way that meets no
 * wish, or else that holds no place of the share.
 *
 * @param fresh positions that the reader has not had, in the edition's order
 * @param places how many papers to return, while there are as many
 * @param share how many of them are for the wishes
 */
export function shareOut(
  index: SelectionIndex,
  wishes: readonly Wish[],
  fresh: readonly number[],
  places: number,
  share: number,
): Shared {
  const top = fresh.slice(0, places)
  if (wishes.length === 0) return { top, own: [] }
  const lowest = top.at(-1) ?? -1
  const state = new Uint8Array(index.sections.length)
  for (const position of fresh) state[position] = position <= lowest ? ON_TOP : BELOW
  const table: Table = { index, state, fits: sumFits(wishes, state.length) }
  const turns = wishes.map((wish) => ({ wish, got: 0, papers: countFresh(wish, state) }))
  const added: number[] = []
  for (let given = 0; given < share; given++) {
    const position = nextPaper(turns, table)
    if (position === undefined) break
    if (state[position] === BELOW) {
      if (!giveWay(top, table)) break
      added.push(position)
    }
    state[position] = GIVEN
    for (const turn of turns) if (turn.wish.positions.includes(position)) turn.got++
  }
  added.sort((a, b) => a - b)
  // One of the list's first may have given way, and come back for its wish.
  const back = added.filter((position) => position <= lowest)
  return { top: [...top, ...back].sort((a, b) => a - b), own: added.slice(back.length) }
}

/** States of a position; 0 when it cannot be chosen. */
const BELOW = 1
const ON_TOP = 2
/** holds a place of the share */
const GIVEN = 3

interface Table {
  index: SelectionIndex
  /** by position */
  state: Uint8Array
  fits: Float64Array
}

interface Turn {
  wish: Wish
  got: number
  papers: number
}

function countFresh({ positions }: Wish, state: Uint8Array): number {
  let papers = 0
  for (const position of positions) if (state[position]) papers++
  return papers
}

/** Returns the best paper of the wish whose turn it is. Of equal wishes, it is the one whose paper has the highest standing. */
function nextPaper(turns: readonly Turn[], table: Table): number | undefined {
  let next: { turn: Turn; position: number; standing: number } | undefined
  for (const turn of turns) {
    const later = next ? turn.got - next.turn.got || turn.papers - next.turn.papers : -1
    if (later > 0) continue
    const best = bestOf(turn.wish, table)
    if (best && (later < 0 || best.standing > next!.standing)) next = { turn, ...best }
  }
  return next?.position
}

/** Returns a wish's best paper: on top of the list first, then the best fit, then the highest standing, then the edition's order. */
function bestOf({ positions, standings }: Wish, { index, state, fits }: Table) {
  let best: { position: number; standing: number } | undefined
  for (let at = 0; at < positions.length; at++) {
    const position = positions[at]!
    if (state[position] !== BELOW && state[position] !== ON_TOP) continue
    const standing = standings === undefined ? index.standing[position]! : standings[at]!
    const isBetter =
      best === undefined ||
      (state[position]! - state[best.position]! || fits[position]! - fits[best.position]! || standing - best.standing) >
        0
    if (isBetter) best = { position, standing }
  }
  return best
}

/** Removes one paper from the top of the list. Returns false when all of them hold a place of the share. */
function giveWay(top: number[], { state, fits }: Table): boolean {
  let last = top.findLastIndex((position) => !fits[position])
  if (last < 0) last = top.findLastIndex((position) => state[position] === ON_TOP)
  if (last < 0) return false
  state[top[last]!] = fits[top[last]!] ? BELOW : 0
  top.splice(last, 1)
  return true
}
