import { checkJsonSize } from '../limits.ts'
import { badFile } from './read-text-file.ts'

/**
 * Parses a file's JSON.
 * @throws LimitError before parsing; PaperboyError BAD_IMPORT naming the file, and the line and column of the error
 */
export function parseJson(text: string, path: string): unknown {
  checkJsonSize(text)
  try {
    return JSON.parse(text)
  } catch (cause) {
    // Without the piece of the file that it quotes: that may be an address.
    const what = (cause as Error).message.replace(/ in JSON at position .*|, (?:\.\.\.)?".*is not valid JSON$/s, '')
    throw badFile(path, `is not valid JSON at ${placeOf(text, failureAt(text))}: ${what}`, cause)
  }
}

/**
 * Returns the position where JSON.parse fails. Its message names it, except for an unexpected token.
 * Then this searches the shortest invalid prefix that is not merely incomplete: some 28 parses for the largest file.
 */
function failureAt(text: string): number {
  const known = failureIn(text)
  if (known !== 'somewhere') return known ?? text.length
  let valid = 0
  let invalid = text.length
  while (invalid - valid > 1) {
    const middle = Math.floor((valid + invalid) / 2)
    const failure = failureIn(text.slice(0, middle))
    if (failure === undefined || failure === middle) valid = middle
    else invalid = middle
  }
  return invalid - 1
}

/** Returns undefined for valid JSON, and the text's length for incomplete JSON. */
function failureIn(text: string): number | 'somewhere' | undefined {
  try {
    JSON.parse(text)
    return undefined
  } catch (error) {
    const { message } = error as Error
    if (/Unexpected end|Unterminated/.test(message)) return text.length
    const position = /at position (\d+)/.exec(message)?.[1]
    return position === undefined ? 'somewhere' : Number(position)
  }
}

function placeOf(text: string, at: number): string {
  const lines = text.slice(0, at).split('\n')
  return `line ${lines.length}, column ${lines.at(-1)!.length + 1}`
}
