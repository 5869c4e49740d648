export interface Line {
  /** starting at 1 */
  number: number
  text: string
}

/**
 * Splits text into lines and yields the lines of each chunk. Lines may end in LF, CRLF or CR.
 * @param longest in characters. A longer line is cut to one character more than this, to bound memory
 */
export async function* splitLines(chunks: AsyncIterable<string>, longest: number): AsyncGenerator<Line[]> {
  let number = 0
  let rest = ''
  for await (const chunk of chunks) {
    const text = rest + chunk
    // A CR at the end of a chunk may be half of a CRLF.
    const usable = text.endsWith('\r') ? text.length - 1 : text.length
    const pieces = text.slice(0, usable).split(/\r\n|\n|\r/)
    const last = pieces.pop()!.slice(0, longest + 1)
    rest = last + text.slice(usable)
    if (pieces.length > 0) yield pieces.map((piece) => ({ number: ++number, text: piece.slice(0, longest + 1) }))
  }
  if (rest !== '') yield [{ number: ++number, text: rest.replace(/\r$/, '') }]
}
