import { expect, test } from 'vitest'
import { adviseConnections, measureRoundTrip } from '../../src/relay/round-trip.ts'

test('a near relay needs no more connections', () => {
  expect(adviseConnections(0.2, 10)).toBeUndefined()
})

test('a relay far away carries fewer emails than a core sends: more connections are advised, up to the most that are allowed', () => {
  // Ten connections, each waiting twice 20 ms for each email.
  expect(adviseConnections(20, 10)).toEqual({ perSecond: 250, connections: 80 })
  expect(adviseConnections(200, 10)).toEqual({ perSecond: 25, connections: 200 })
  expect(adviseConnections(200, 200)).toBeUndefined()
})

test('the shortest of several replies counts, and a relay without one has no distance', async () => {
  let replies = 0
  const slowFirst = { reset: () => new Promise<boolean>((done) => setTimeout(done, replies++ === 0 ? 200 : 0, true)) }
  expect(await measureRoundTrip(slowFirst)).toBeLessThan(200)
  expect(await measureRoundTrip({ reset: async () => false })).toBe(Number.POSITIVE_INFINITY)
})
