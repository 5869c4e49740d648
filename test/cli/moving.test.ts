import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { addressHash } from '../../src/mail/address.ts'
import { subscribers, suppressions } from '../../src/runtime/db/schema.ts'
import { secondDatabase, test } from '../support/database.ts'
import { addSubscriber, NOON } from '../support/services.ts'
import { folder, paperboy } from './paperboy.ts'

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

const MIGRATIONS = readFileSync(join(ROOT, 'docs/decisions/migrations.md'), 'utf8')
/** The commands of its steps, in order, each with the file that its output goes to. */
const STEPS = [...MIGRATIONS.matchAll(/`npm run (?:-s )?paperboy -- ([^`>]*?)(?: >\s+([^`]*))?`/g)].map(
  ([, command, output]) => ({ args: command!.split(/\s+/), output }),
)

test('the steps to an empty database bring every choice of every reader along', { timeout: 120_000 }, async ({
  db,
  databaseUrl,
}) => {
  // No paper of the new database has these topics.
  const topics = ['computer-vision', 'sparse-attention']
  await addSubscriber(db, 'ada@example.org', {
    ...{ topics, cadence: 'weekly', weekday: 3, hour: 0, zone: 'Asia/Tokyo', size: 20, share: 'only' },
    ...{ keywords: ['cats, dogs', '=1+1', '5" screens'], authors: ['Łukasz Kaiser', 'x'.repeat(120)] },
    ...{ organisations: ['Google, Inc.'], likePapers: ['2604.14000', `10.1016/j.${'long'.repeat(40)}`] },
    ...{ likeVoted: true, sourceLinks: true, abstracts: true, locale: 'zh', format: 'text' },
    ...{ pausedUntil: new Date('2027-06-01T00:00:00Z'), importedBy: 'the operator' },
  })
  await addSubscriber(db, 'bob@example.org', { topics: topics.slice(1), cadence: 'weekdays', size: 5 })
  for (const status of ['unsubscribed', 'bounced', 'complained'] as const)
    await addSubscriber(db, `${status}@example.org`, { status, topics, nextDigestAt: null, leftAt: NOON })
  await db.update(subscribers).set({ requestedAt: NOON, confirmedAt: NOON, consentForm: 'web form, 2026' })
  const reasons = { 'hard bounce': 'bounced', complaint: 'complained', erasure: 'gone', manual: 'never' } as const
  const key = 'another test key that is thirty-two bytes long'
  for (const [reason, name] of Object.entries(reasons) as [keyof typeof reasons, string][])
    await db
      .insert(suppressions)
      .values({ addressHash: addressHash(key, `${name}@example.org`), reason, createdAt: NOON })

  const { url: emptyUrl } = await secondDatabase()
  const files = new Map<string, string>()
  const runStep = async ({ args, output }: (typeof STEPS)[number], DATABASE_URL: string) => {
    const named = args.map((arg) => (arg.endsWith('.csv') ? join(folder, arg) : arg))
    const { code, stdout, stderr } = await paperboy(named, { DATABASE_URL })
    expect({ code, stderr: output ? '' : stderr }, args.join(' ')).toEqual({ code: 0, stderr: '' })
    if (!output) return
    writeFileSync(join(folder, output), stdout)
    files.set(output, stdout)
  }
  expect(STEPS.map(({ args }) => args[0])).toEqual([
    ...['suppressions', 'subscribers'],
    ...['migrate', 'suppressions', 'subscribers'],
  ])
  for (const step of STEPS) await runStep(step, step.output ? databaseUrl : emptyUrl)
  const before = new Map(files)
  for (const step of STEPS.filter(({ output }) => output)) await runStep(step, emptyUrl)
  expect(files.size).toBe(2)
  expect(files).toEqual(before)
})
