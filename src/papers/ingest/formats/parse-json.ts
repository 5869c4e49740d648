import { checkJsonSize } from '../limits.ts'
import { badFile } from './read-text-file.ts'

/**
 * A file's JSON.
 * @throws LimitError before anything is parsed; PaperboyError BAD_IMPORT naming the file, line and column where it is broken
 */
export function parseJson(text: string, path: string): unknown {
  checkJsonSize(text)
  try {
    return JSON.parse(text)
  } catch (cause) {
    const what = (cause as Error).message.replace(/ in JSON at position .*| is not valid JSON$/, '')
    throw badFile(path, `is not valid JSON at ${placeOf(text, failureAt(text))}: ${what}`, cause)
  }
}

/**
 * Where JSON.parse gives up. Its message says so except for an unexpected token; then this looks for the shortest beginning that
 * is wrong and not merely unfinished: some 28 parses for the largest file, and only when there is an error.
 */
function failureAt(text: string): number {
  const said = failureIn(text)
  if (said !== 'somewhere') return said ?? text.length
  let fine = 0
  let broken = text.length
  while (broken - fine > 1) {
    const middle = Math.floor((fine + broken) / 2)
    const failure = failureIn(text.slice(0, middle))
    if (failure === undefined || failure === middle) fine = middle
    else broken = middle
  }
  return broken - 1
}

/** Undefined when nothing is wrong; the text's length when it is only unfinished. */
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
