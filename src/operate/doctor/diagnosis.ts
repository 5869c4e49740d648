/** One thing that was looked at. */
export interface Diagnosis {
  what: string
  /** wrong: mail is lost, repeated or refused for it · doubtful: somebody should look · right: nothing to do */
  state: 'right' | 'doubtful' | 'wrong'
  words: string
  /** what to do about it */
  remedy?: string
}

export const right = (what: string, words: string): Diagnosis => ({ what, state: 'right', words })
export const doubtful = (what: string, words: string, remedy: string): Diagnosis => ({
  what,
  state: 'doubtful',
  words,
  remedy,
})
export const wrong = (what: string, words: string, remedy: string): Diagnosis => ({
  what,
  state: 'wrong',
  words,
  remedy,
})

const SAID = { right: 'ok', doubtful: 'look', wrong: 'WRONG' }

/** A line each, what is to be done below it. */
export function diagnosesInWords(found: readonly Diagnosis[]): string {
  const widest = Math.max(...found.map(({ what }) => what.length))
  return found
    .flatMap(({ what, state, words, remedy }) => [
      `${SAID[state].padEnd(6)} ${what.padEnd(widest)}  ${words}`,
      ...(remedy ? [`${' '.repeat(7 + widest)}  → ${remedy}`] : []),
    ])
    .join('\n')
}
