import type { Readable } from 'node:stream'

/** Yields the lines of a stream as bytes, each with its line end. They may be in any encoding and of any length. */
export async function* readLines(source: Readable): AsyncGenerator<Buffer> {
  let rest: Buffer[] = []
  for await (const chunk of source as AsyncIterable<Buffer>) {
    let start = 0
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      const line = chunk.subarray(start, end + 1)
      yield rest.length === 0 ? line : Buffer.concat([...rest, line])
      rest = []
      start = end + 1
    }
    if (start < chunk.length) rest.push(chunk.subarray(start))
  }
  if (rest.length > 0) yield Buffer.concat(rest)
}
