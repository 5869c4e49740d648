import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { subscribers } from '../../src/runtime/db/schema.ts'
import { test } from '../support/database.ts'
import { paperboy } from './paperboy.ts'

/** Runs the commands of docs/moving-to-paperboy.md in a shell, on files in each tool's format. */

const ROOT = join(import.meta.dirname, '../..')

const PAGE = readFileSync(join(ROOT, 'docs/moving-to-paperboy.md'), 'utf8')
const COMMANDS = [...new Set([...PAGE.matchAll(/^npm run paperboy -- (.*)$/gm)].map(([, command]) => command!))]

const FILES = join(ROOT, 'test/fixtures/subscribers')

const runLine = (line: string, DATABASE_URL: string) => {
  const words = [...line.matchAll(/"([^"]*)"|\S+/g)].map(([word, quoted]) => quoted ?? word)
  return paperboy(
    words.map((word) => (word.endsWith('.csv') ? join(FILES, word) : word)),
    { DATABASE_URL },
  )
}

test('the page has a command for every tool it names', () => {
  for (const tool of ['mailchimp', 'substack', 'buttondown', 'listmonk', 'ghost', 'beehiiv', 'keila', 'plunk'])
    expect(
      COMMANDS.some((command) => command.includes(tool)),
      tool,
    ).toBe(true)
})

for (const command of COMMANDS) {
  test(command, { timeout: 60_000 }, async ({ db, databaseUrl }) => {
    const { code, stderr } = await runLine(command, databaseUrl)
    expect([code, stderr]).toEqual([0, ''])
    expect((await db.$count(subscribers)) > 0).toBe(!command.includes('--dry-run'))
  })
}

test('the dry run on the page is real output', { timeout: 60_000 }, async ({ databaseUrl }) => {
  const [, command, output] = /^`npm run paperboy -- (.*)` prints:\n\n```text\n([\s\S]*?)\n```$/m.exec(PAGE)!
  expect((await runLine(command!, databaseUrl)).stdout.trim()).toBe(output)
})
