import { readFile, stat } from 'node:fs/promises'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { PaperboyError } from '../errors.ts'

/** A month of Hugging Face's lists is 10 MB. */
const LARGEST_MB = 200
const LARGEST = LARGEST_MB * 1024 * 1024

/**
 * The JSON value in a file, gzipped or not: its first bytes say which, not its name.
 * @throws PaperboyError BAD_IMPORT naming the file and, where its JSON is broken, line and column
 */
export async function readJsonFile(path: string): Promise<unknown> {
  const bytes = await unpacked(path)
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw bad(path, 'is not UTF-8 text', cause)
  }
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw bad(
      path,
      `is not valid JSON at ${placeOf(text, failureAt(text))}: ${(cause as Error).message.replace(/ in JSON at position .*| is not valid JSON$/, '')}`,
      cause,
    )
  }
}

async function unpacked(path: string): Promise<Buffer> {
  const tooLarge = `is larger than ${LARGEST_MB} MB`
  try {
    const { size } = await stat(path)
    if (size > LARGEST) throw bad(path, tooLarge)
    const bytes = await readFile(path)
    return bytes[0] === 0x1f && bytes[1] === 0x8b ? await promisify(gunzip)(bytes, { maxOutputLength: LARGEST }) : bytes
  } catch (cause) {
    if (cause instanceof PaperboyError) throw cause
    const { code, message } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT') throw bad(path, 'does not exist', cause)
    if (code === 'EISDIR') throw bad(path, 'is a folder', cause)
    if (code === 'ERR_BUFFER_TOO_LARGE') throw bad(path, `${tooLarge} once unpacked`, cause)
    throw bad(path, `cannot be read: ${message}`, cause)
  }
}

const bad = (path: string, what: string, cause?: unknown): PaperboyError =>
  new PaperboyError('BAD_IMPORT', `${path} ${what}.`, { cause })

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
