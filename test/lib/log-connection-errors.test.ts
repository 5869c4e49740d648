import { expect, test } from 'vitest'
import { logConnectionErrors } from '../../src/lib/log-connection-errors.ts'

test('logs one line in ten seconds, with the connection and the number of unlogged errors', () => {
  const lines: object[] = []
  let at = 0
  const report = logConnectionErrors({ warn: (line: object) => void lines.push(line) }, 'queue (Redis)', () => at)
  for (; at < 25_000; at += 1_000) report(new Error('gone'))
  expect(lines).toMatchObject([
    { connection: 'queue (Redis)' },
    { connection: 'queue (Redis)', repeated: 9 },
    { connection: 'queue (Redis)', repeated: 9 },
  ])
  expect(lines[0]).not.toHaveProperty('repeated')
})

test('a deadlock is called one, and no error of the connection', () => {
  const words: string[] = []
  const log = { warn: (_: object, message?: string) => void words.push(message ?? '') }
  const deadlock = Object.assign(new Error('deadlock detected'), { code: '40P01' })
  for (const error of [deadlock, new Error('gone')]) logConnectionErrors(log, 'queue (PostgreSQL)')(error)
  expect(words).toEqual([expect.stringMatching(/^deadlock .* done again$/), 'connection error'])
})
