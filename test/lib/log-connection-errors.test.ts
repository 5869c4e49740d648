import { expect, test } from 'vitest'
import { reportTrouble } from '../../src/lib/report-trouble.ts'

test('names the connection, and says once in ten seconds how often it fails', () => {
  const lines: object[] = []
  let at = 0
  const report = reportTrouble({ warn: (line: object) => void lines.push(line) }, 'queue (Redis)', () => at)
  for (; at < 25_000; at += 1_000) report(new Error('gone'))
  expect(lines).toMatchObject([
    { connection: 'queue (Redis)' },
    { connection: 'queue (Redis)', repeated: 9 },
    { connection: 'queue (Redis)', repeated: 9 },
  ])
  expect(lines[0]).not.toHaveProperty('repeated')
})
