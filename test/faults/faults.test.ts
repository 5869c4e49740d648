import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { withoutRedis } from '../support/redis.ts'
import { faults } from './catalogue.ts'
import { undergo } from './ground.ts'
import { openPostgres } from './postgres.ts'

/** The rows of the table in docs/reliability-and-speed.md, in small: `npm run bench -- faults` measures them in full. Kills are in processes.test.ts. */
const READERS = 300
/** The other faults wait for leases to expire, or differ little from one of these. */
const SHORT = /^relay: |hangs|login|flushed|disk full|unsubscribes/

describe.skipIf(withoutRedis)(
  'two workers, Redis, PostgreSQL and a relay as processes, and',
  { timeout: 120_000 },
  () => {
    const stack = new AsyncDisposableStack()
    let postgres: Awaited<ReturnType<typeof openPostgres>>
    beforeAll(async () => {
      postgres = await openPostgres(stack)
    })
    afterAll(() => stack.disposeAsync())
    const run = async (fault: ReturnType<typeof faults>[number], policy: 'resend' | 'hold') =>
      undergo(fault, {
        databaseUrl: await postgres.database(),
        restartPostgres: postgres.restart,
        readers: READERS,
        policy,
      })

    const inSmall = faults({ kills: 0, troubleMs: 1000 }).filter(({ name }) => SHORT.test(name))

    test.each(inSmall.map((fault) => [fault.name, fault] as const))(
      '%s: no reader is missing, and only unknown outcomes are repeated',
      async (_, fault) => {
        const verdict = await run(fault, 'resend')
        expect(verdict.broken).toEqual([])
        expect(verdict.readers).toBe(READERS)
      },
    )

    test.each(
      // One of two workers may be idle, so kill both: messages in flight are then unknown.
      faults({ kills: 1, killedAtOnce: 2, troubleMs: 1000 })
        .slice(0, 2)
        .map((fault) => [fault.name, fault] as const),
    )('%s, under hold: no reader gets a second one, and readers who may miss it are listed', async (_, fault) => {
      const verdict = await run(fault, 'hold')
      expect(verdict.broken).toEqual([])
      expect(verdict.states.unknown).toBeGreaterThan(0)
    })
  },
)
