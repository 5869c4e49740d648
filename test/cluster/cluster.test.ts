import { describe, expect, test } from 'vitest'
import { isRequired } from '../support/suites.ts'
import { allInTurn, shortFaults } from './catalogue.ts'
import { undergo } from './ground.ts'
import { missingForCluster } from './missing.ts'

const missing = missingForCluster()
if (missing && isRequired('cluster')) throw new Error(`PAPERBOY_REQUIRE_SUITES requires the cluster, and ${missing}.`)
if (missing) console.warn(`Skipped: tests on a cluster of network namespaces. Here, ${missing}.`)

/**
 * 36 batches. Workers hold nine at once, so that they need the queue again, and some batches still wait at the last fault: the worker that
 * is cut off then surely has emails to send.
 */
const READERS = 9000

/** Rows of the table in docs/reliability-and-speed.md, in small and in one sending: `npm run bench -- cluster` measures all. */
describe.skipIf(missing)(
  'three workers, Redis with sentinels, and PostgreSQL with a replica, on machines of their own',
  () => {
    test('send everything once while a worker is cut off, and both primaries lose their power', {
      timeout: 240_000,
    }, async () => {
      const outcome = await undergo(allInTurn(shortFaults), {
        ...{ readers: READERS, policy: 'resend', queue: 'sentinel', replication: 'synchronous', pooling: 'session' },
        ...{ sendingMs: 20_000, troubleMs: 5_000 },
      })
      expect(outcome.broken).toEqual([])
      expect(outcome).toMatchObject({ readers: READERS, missing: 0, states: { accepted: READERS } })
      // The worker that was cut off sends again.
      expect(outcome.backSeconds).toBeDefined()
    })
  },
)
