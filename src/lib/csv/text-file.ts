import { createReadStream } from 'node:fs'

/** A file by its path, or an uploaded one, which no disk ever has. */
export type TextFile = string | { name: string; bytes: Buffer }

/** Returns the name of a file for messages. */
export const nameOfFile = (file: TextFile): string => (typeof file === 'string' ? file : file.name)

const CHUNK_BYTES = 64 * 1024

async function* chunksOf(file: TextFile): AsyncGenerator<Buffer> {
  if (typeof file === 'string') yield* createReadStream(file) as AsyncIterable<Buffer>
  else for (let at = 0; at < file.bytes.length; at += CHUNK_BYTES) yield file.bytes.subarray(at, at + CHUNK_BYTES)
}

export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252'

/**
 * Detects a text file's encoding: from its byte order mark, else UTF-16 if every second byte is zero, else UTF-8.
 * A file with invalid UTF-8 is Windows-1252, unless it also has valid UTF-8 letters: then it is UTF-8 with damaged lines.
 */
export async function detectEncoding(file: TextFile): Promise<Encoding> {
  const decoder = new TextDecoder('utf-8')
  let isFirst = true
  let hasLetters = false
  let isDamaged = false
  for await (const chunk of chunksOf(file)) {
    const wide = isFirst ? utf16Of(chunk) : undefined
    if (wide) return wide
    isFirst = false
    const text = decoder.decode(chunk, { stream: true })
    isDamaged ||= text.includes('\uFFFD')
    hasLetters ||= /[^\0-\x7f\uFEFF\uFFFD]/.test(text)
  }
  isDamaged ||= decoder.decode() !== ''
  return isDamaged && !hasLetters ? 'windows-1252' : 'utf-8'
}

function utf16Of(start: Buffer): Encoding | undefined {
  if (start[0] === 0xff && start[1] === 0xfe) return 'utf-16le'
  if (start[0] === 0xfe && start[1] === 0xff) return 'utf-16be'
  const head = start.subarray(0, 200)
  const zeros = (parity: number) => head.filter((byte, at) => at % 2 === parity && byte === 0).length
  const isWide = (parity: number) => head.length >= 8 && zeros(parity) > head.length / 4 && zeros(1 - parity) === 0
  return isWide(1) ? 'utf-16le' : isWide(0) ? 'utf-16be' : undefined
}

/** Yields a file's text in chunks, without its byte order mark. Invalid bytes become U+FFFD. */
export async function* readText(file: TextFile, encoding: Encoding): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding)
  for await (const chunk of chunksOf(file)) yield decoder.decode(chunk, { stream: true })
  yield decoder.decode()
}
