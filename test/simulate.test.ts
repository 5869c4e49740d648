import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { expectedDigests } from '../src/simulate/expected-digests.ts'
import { chanceByKey } from '../src/simulate/random.ts'
import { runSimulation } from '../src/simulate/simulate.ts'
import { start, until } from './support/processes.ts'

test('five weeks with 2,000 readers, trouble and a change of the clocks keep every rule', {
  timeout: 600_000,
}, async () => {
  const { days, votes, rules } = await runSimulation({ readers: 2000, days: 35, seed: 1 }, () => {})
  expect(rules.filter(({ broken }) => broken.length > 0)).toEqual([])
  // A rule that looked at nothing would always hold.
  expect(
    rules.every(({ checked }) => checked > 50),
    JSON.stringify(rules),
  ).toBe(true)
  expect(days).toHaveLength(34)
  expect(votes).toBeGreaterThan(50)
  expect(days.reduce((sum, { left }) => sum + left, 0)).toBeGreaterThan(200)
  expect(days.reduce((sum, { confirmed }) => sum + confirmed, 0)).toBeGreaterThan(200)
})

test('stopped in the middle, it leaves no PostgreSQL and no file behind', { timeout: 120_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'paperboy-stopped-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  // PostgreSQL's own user reads it, where the tests run as root.
  await chmod(folder, 0o755)
  const running = start('src/cli/main.ts', ['simulate', '--readers', '20', '--days', '14'], { TMPDIR: folder })
  onTestFinished(() => void running.end('SIGKILL'))
  await until(running, 'digests')
  await running.end('SIGINT')
  expect([running.child.signalCode, running.output()]).toEqual(['SIGINT', expect.not.stringContaining('paperboy:')])
  expect(await readdir(folder)).toEqual([])
})

test('trouble by message is the same for a seed, and has its share', () => {
  const keys = Array.from({ length: 10_000 }, (_, index) => `greylisted reader${index}@example.org`)
  const hit = (seed: number) => keys.filter((key) => chanceByKey(seed)(0.02, key))
  expect(hit(1)).toEqual(hit(1))
  expect(hit(1)).not.toEqual(hit(2))
  expect(hit(1).length / keys.length).toBeCloseTo(0.02, 2)
})

describe('the digests that a reader must get', () => {
  const list = (date: string, closes: string) => ({
    kind: 'daily' as const,
    date,
    closesAt: new Date(closes),
    releasedAt: new Date(closes),
  })
  const october = [
    list('2026-10-23', '2026-10-24T02:00:00Z'),
    list('2026-10-24', '2026-10-25T02:00:00Z'),
    list('2026-10-25', '2026-10-26T02:00:00Z'),
  ]

  test('come at the same local hour on both sides of a change of the clocks', () => {
    const berlin = { zone: 'Europe/Berlin', hour: 8, cadence: 'daily' as const, weekday: 1 }
    const all = expectedDigests(berlin, october, new Date('2026-10-24T00:00:00Z'), new Date('2026-10-27T00:00:00Z'))
    expect(all.map(({ due, edition }) => [due.toISOString(), edition.date])).toEqual([
      ['2026-10-24T06:00:00.000Z', '2026-10-23'],
      ['2026-10-25T07:00:00.000Z', '2026-10-24'],
      ['2026-10-26T07:00:00.000Z', '2026-10-25'],
    ])
  })

  test('skip a day without a new list', () => {
    const utc = { zone: 'UTC', hour: 5, cadence: 'daily' as const, weekday: 1 }
    const all = expectedDigests(
      utc,
      october.slice(0, 1),
      new Date('2026-10-24T00:00:00Z'),
      new Date('2026-10-27T00:00:00Z'),
    )
    expect(all.map(({ edition }) => edition.date)).toEqual(['2026-10-23'])
  })
})
