import { pino } from 'pino'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { openInFlight } from '../../src/relay/in-flight.ts'
import type { Outcome } from '../../src/relay/outcome.ts'
import { type Emails, sendEmails } from '../../src/relay/send-emails.ts'

const log = pino({ level: 'silent' })
const ACCEPTED: Outcome = { state: 'accepted', reply: '250 ok' }
const NEVER = new AbortController().signal

/** Emails 1 to `count` in groups of four, with what happened to each. */
function someEmails(count: number, changed: Partial<Emails<number>> = {}) {
  const waiting = Array.from({ length: count }, (_, index) => index + 1)
  const seen = {
    marked: [] as number[],
    sent: [] as number[],
    recorded: [] as number[],
    alone: [] as number[],
    mostOpen: 0,
  }
  const emails: Emails<number> = {
    groupSize: 4,
    left: () => waiting.length,
    async mark(most, accepted) {
      const group = waiting.splice(0, most)
      await new Promise(setImmediate)
      seen.marked.push(...group)
      seen.recorded.push(...accepted.map(({ attempt }) => attempt))
      seen.mostOpen = Math.max(seen.mostOpen, seen.marked.length - seen.recorded.length)
      return group
    },
    async send(attempt) {
      expect(seen.marked, 'marked before it is composed or sent').toContain(attempt)
      seen.sent.push(attempt)
      // Longer than marking: without a limit, more would be marked while these are sent.
      for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
      return ACCEPTED
    },
    async record(group) {
      await new Promise(setImmediate)
      seen.recorded.push(...group.map(({ attempt }) => attempt))
      seen.alone.push(...group.map(({ attempt }) => attempt))
    },
    ...changed,
  }
  return { emails, seen, waiting }
}

describe('all email is sent by one engine', () => {
  test('it marks, sends and records each email once, within the in-flight limit', async () => {
    const { emails, seen } = someEmails(50)
    const inFlight = openInFlight(8)
    const { tally, exhausted } = await sendEmails({ inFlight, log }, emails, NEVER)
    expect([tally.accepted, exhausted, inFlight.free()]).toEqual([50, false, 8])
    expect(seen.recorded.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, index) => index + 1))
    expect(seen.mostOpen).toBe(8)
  })

  test('accepted emails are recorded by the next mark, all others alone', async () => {
    // No patience ends: a busy machine changes nothing.
    vi.useFakeTimers({ toFake: ['setTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const { emails, seen } = someEmails(12, {
      send: async (attempt) => (attempt === 2 ? { state: 'refused', reply: '550 no' } : ACCEPTED),
    })
    const { tally } = await sendEmails({ inFlight: openInFlight(4), log }, emails, NEVER)
    expect([tally.accepted, tally.refused]).toEqual([11, 1])
    expect(seen.alone).toEqual([2, 9, 10, 11, 12])
    expect(seen.recorded.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, index) => index + 1))
    expect(seen.mostOpen).toBe(4)
  })

  test('an accepted email is recorded alone while the next mark waits for its place', async () => {
    const inFlight = openInFlight(4)
    const recorded = Promise.withResolvers<void>()
    const { emails, seen } = someEmails(8, {
      async send(attempt) {
        if (attempt > 1 && attempt <= 4) await recorded.promise
        return ACCEPTED
      },
    })
    const { record } = emails
    emails.record = async (group) => {
      await record(group)
      recorded.resolve()
    }
    await sendEmails({ inFlight, log }, emails, NEVER)
    expect(seen.alone[0]).toBe(1)
    expect([seen.recorded.length, inFlight.free()]).toEqual([8, 4])
  })

  test('when a mark fails, the accepted emails that it had are recorded alone', async () => {
    const { emails, seen } = someEmails(8)
    const { mark } = emails
    emails.mark = async (most, accepted) => {
      if (accepted.length > 0) throw new Error('cannot mark')
      return mark(most, accepted)
    }
    const inFlight = openInFlight(4)
    await expect(sendEmails({ inFlight, log }, emails, NEVER)).rejects.toThrow('cannot mark')
    expect([seen.alone.toSorted(), inFlight.free()]).toEqual([[1, 2, 3, 4], 4])
  })

  test('a stop or a relay that is down begins no further group, and the open ones are recorded', async () => {
    for (const why of ['stop', 'relay down'] as const) {
      const stop = new AbortController()
      const { emails, seen, waiting } = someEmails(50, {
        async send(attempt) {
          if (attempt === 5) {
            if (why === 'relay down') return { state: 'deferred', reply: '', relayDown: true }
            stop.abort()
          }
          return ACCEPTED
        },
      })
      const inFlight = openInFlight(8)
      const { exhausted } = await sendEmails({ inFlight, log }, emails, stop.signal)
      expect([why, exhausted, inFlight.free()]).toEqual([why, why === 'relay down', 8])
      expect(waiting.length).toBeGreaterThan(30)
      expect(seen.recorded).toHaveLength(seen.marked.length)
    }
  })

  test('the last outcomes are recorded without waiting for more', async () => {
    let turn = 0
    let answered = 0
    let recorded = 0
    const count = () => {
      turn++
      counting = setImmediate(count)
    }
    let counting = setImmediate(count)
    const { emails } = someEmails(3, {
      async send() {
        await new Promise(setImmediate)
        answered = turn
        return ACCEPTED
      },
      async record() {
        recorded = turn
      },
    })
    await sendEmails({ inFlight: openInFlight(8), log }, emails, NEVER)
    clearImmediate(counting)
    expect(recorded - answered).toBeLessThan(3)
  })

  test('emails that mark nothing end it only when none can begin', async () => {
    let rounds = 0
    const skipping = someEmails(8, {
      mark: async () => (rounds++ < 3 ? [] : undefined),
    })
    expect((await sendEmails({ inFlight: openInFlight(4), log }, skipping.emails, NEVER)).exhausted).toBe(true)
    expect(rounds).toBe(4)
  })

  test('after a failure the emails in flight finish and are recorded, and it is thrown', async () => {
    for (const step of ['mark', 'send'] as const) {
      const { emails, seen } = someEmails(50)
      const inFlight = openInFlight(8)
      const right = emails[step].bind(emails) as (...args: unknown[]) => Promise<never>
      let calls = 0
      const failing = async (...args: unknown[]) => {
        if (++calls === (step === 'mark' ? 2 : 5)) throw new Error(`cannot ${step}`)
        return right(...args)
      }
      await expect(sendEmails({ inFlight, log }, { ...emails, [step]: failing }, NEVER)).rejects.toThrow(
        `cannot ${step}`,
      )
      expect(seen.recorded.toSorted()).toEqual(seen.sent.toSorted())
      expect([inFlight.free(), seen.marked.length < 50]).toEqual([8, true])
    }
  })

  test('recording is repeated until it succeeds', async () => {
    const { emails, seen } = someEmails(4)
    let failures = 1
    const { tally } = await sendEmails(
      { inFlight: openInFlight(4), log },
      {
        ...emails,
        async record(group) {
          if (failures-- > 0) throw new Error('the database is away')
          return emails.record(group)
        },
      },
      NEVER,
    )
    expect([tally.accepted, seen.sent.length]).toEqual([4, 4])
  })
})
