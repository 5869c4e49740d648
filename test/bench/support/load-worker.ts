import { randomInt } from 'node:crypto'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import autocannon from 'autocannon'
import type { Answered, Load } from './load.ts'

/** The process that load.ts starts. It reads a `Load` as JSON and prints `Answered` as JSON. */
const { url, connections, seconds, rate, bursts = false, forms = [] }: Load = JSON.parse(await text(process.stdin))

const latencies: number[] = []
let redirects = 0
let lastAt = 0

/** Readers have networks of their own. */
const anyAddress = (): string => [10, randomInt(256), randomInt(256), randomInt(256)].join('.')

function run(options: { connections: number; overallRate?: number }): Promise<void> {
  const posts = {
    requests: [
      {
        method: 'POST' as const,
        setupRequest: (request: autocannon.Request) => ({
          ...request,
          headers: { 'content-type': 'application/x-www-form-urlencoded', 'x-forwarded-for': anyAddress() },
          body: forms.pop()!,
        }),
      },
    ],
  }
  return new Promise((resolve, reject) => {
    // As fast as it goes, the forms could end before the time: further requests would be empty.
    const until = forms.length > 0 && rate === undefined ? { amount: forms.length } : { duration: seconds }
    const all = { url, ...until, ...options, ...(forms.length > 0 && posts) }
    const running = autocannon(all, (error) => (error ? reject(error) : resolve()))
    running.on('response', (_client, status, _bytes, milliseconds) => {
      latencies.push(milliseconds)
      lastAt = performance.now()
      if (status >= 300 && status < 400) redirects++
    })
  })
}

/** Spreads the connections over the second: each connection of autocannon sends its share of a second at once. */
async function evenly(rate: number) {
  const each = Array.from({ length: connections }, async (_, nth) => {
    await delay((nth * 1000) / connections)
    await run({ connections: 1, overallRate: rate / connections })
  })
  await Promise.all(each)
}

const begun = performance.now()
if (rate === undefined) await run({ connections })
else if (bursts) await run({ connections, overallRate: rate })
else await evenly(rate)

// autocannon notices only once a second that all are answered.
const elapsed = (lastAt - begun) / 1000
latencies.sort((a, b) => a - b)
const percentile = (part: number) => latencies[Math.min(Math.floor(part * latencies.length), latencies.length - 1)]!
const answered: Answered = {
  p50: percentile(0.5),
  p97_5: percentile(0.975),
  p99: percentile(0.99),
  answers: latencies.length,
  redirects,
  rate: latencies.length / elapsed,
}
process.stdout.write(JSON.stringify(answered))
