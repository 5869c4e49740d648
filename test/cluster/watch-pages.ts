import { setTimeout as delay } from 'node:timers/promises'

const ASK_EVERY_MS = 250

/** Asks the api processes for a page in turn, as a proxy in front of them does. Measures how long none answers. */
export function watchPages(stack: AsyncDisposableStack, urls: string[]): { longestAwayMs(): number } {
  let longest = 0
  let answeredAt = performance.now()
  let running = true
  const isAnswered = (url: string) =>
    fetch(url, { signal: AbortSignal.timeout(2_000) }).then(
      async (response) => response.ok && (await response.text()) !== '',
      () => false,
    )
  const watching = (async () => {
    for (; running; await delay(ASK_EVERY_MS)) {
      for (const url of urls) {
        if (!(await isAnswered(url))) continue
        answeredAt = performance.now()
        break
      }
      longest = Math.max(longest, performance.now() - answeredAt)
    }
  })()
  stack.defer(async () => {
    running = false
    await watching
  })
  return { longestAwayMs: () => longest }
}
