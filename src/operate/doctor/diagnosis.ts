/** The result of one check. */
export interface Diagnosis {
  what: string
  /** wrong: email is lost, repeated or refused · doubtful: a warning · right: nothing to do */
  state: 'right' | 'doubtful' | 'wrong'
  words: string
  /** the fix */
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

const SAID = { right: 'ok', doubtful: 'warn', wrong: 'ERROR' }

/** One line per check, with its fix on the next line. */
export function formatDiagnoses(found: readonly Diagnosis[]): string {
  const widest = Math.max(...found.map(({ what }) => what.length))
  return found
    .flatMap(({ what, state, words, remedy }) => [
      `${SAID[state].padEnd(6)} ${what.padEnd(widest)}  ${words}`,
      ...(remedy ? [`${' '.repeat(7 + widest)}  → ${remedy}`] : []),
    ])
    .join('\n')
}
