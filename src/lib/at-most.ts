/** Returns a function that calls `call`, with at most `most` calls running. Others wait, and begin in the order in which they came. */
export function atMost<Given extends unknown[], T>(
  most: number,
  call: (...given: Given) => Promise<T>,
): (...given: Given) => Promise<T> {
  const waiting: (() => void)[] = []
  let running = 0
  return async (...given) => {
    if (running < most) running++
    else await new Promise<void>((begin) => waiting.push(begin))
    try {
      return await call(...given)
    } finally {
      // The next call takes over this one's place.
      const begin = waiting.shift()
      if (begin) begin()
      else running--
    }
  }
}
