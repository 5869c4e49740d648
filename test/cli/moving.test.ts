import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect } from 'vitest'
import { subscribers } from '../../src/runtime/db/schema.ts'
import { test } from '../support/database.ts'

/** Runs the commands of docs/moving-to-paperboy.md in a shell, on files in each tool's format. */

const ROOT = new URL('../..', import.meta.url)
const folder = mkdtempSync(join(tmpdir(), 'paperboy-moving-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const PAGE = readFileSync(new URL('docs/moving-to-paperboy.md', ROOT), 'utf8')
const COMMANDS = [...new Set([...PAGE.matchAll(/^npm run paperboy -- (.*)$/gm)].map(([, command]) => command!))]

async function paperboy(
  command: string,
  databaseUrl: string,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const args = [...command.matchAll(/"([^"]*)"|\S+/g)].map(([word, quoted]) => quoted ?? word)
  const files = new URL('test/fixtures/subscribers/', ROOT).pathname
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    NODE_ENV: 'test',
    DATABASE_URL: databaseUrl,
    SMTP_URL: 'smtp://127.0.0.1:1',
    DATA_DIR: join(folder, 'data'),
    PUBLIC_URL: 'https://paperboy.example',
    MAIL_FROM: 'Paperboy <papers@paperboy.example>',
    SECRET_KEY: 'a test key that is thirty-two bytes long at least',
    SUPPRESSION_KEY: 'another test key that is thirty-two bytes long',
  }
  return new Promise((resolve) => {
    const found = args.map((word) => (word.endsWith('.csv') ? join(files, word) : word))
    execFile(process.execPath, ['src/cli/main.ts', ...found], { cwd: ROOT, env }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    )
  })
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
    const { code, stderr } = await paperboy(command, databaseUrl)
    expect([code, stderr]).toEqual([0, ''])
    expect((await db.$count(subscribers)) > 0).toBe(!command.includes('--dry-run'))
  })
}

test('the dry run on the page is real output', { timeout: 60_000 }, async ({ databaseUrl }) => {
  const [, command, output] = /^`npm run paperboy -- (.*)` prints:\n\n```text\n([\s\S]*?)\n```$/m.exec(PAGE)!
  expect((await paperboy(command!, databaseUrl)).stdout.trim()).toBe(output)
})
