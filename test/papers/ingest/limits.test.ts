import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { describe, expect } from 'vitest'
import { checkJsonSize, checkXmlSize, LIMITS } from '../../../src/papers/ingest/limits.ts'
import { papers } from '../../../src/runtime/db/schema.ts'
import { test } from '../../support/database.ts'
import { importing, withFile } from '../support.ts'

const list = (record: object) => JSON.stringify([{ title: 'A title', date: '2026-11-20', ...record }])

describe('an import over a limit names the limit and the position', () => {
  test.for([
    [
      'records of a list',
      `[${'{"title":"a"},\n'.repeat(LIMITS.records)}{"title":"a"}]`,
      'has more than 100,000 records, at line 100,001, column 1',
    ],
    [
      'records, one a line',
      '{"title":"a"}\n'.repeat(LIMITS.records + 1),
      'has more than 100,000 records, at line 100,001',
    ],
    [
      'values of a record',
      `[{"title":"a","x":[${'1,'.repeat(LIMITS.values)}1]}]`,
      'has more than 5,000,000 values, at line 1',
    ],
    [
      'attributes',
      `<feed><entry ${Array.from({ length: 60 }, (_, n) => `a${n}="1"`).join(' ')}/></feed>`,
      'more than 50 attributes, at line 1, column 7',
    ],
    [
      'a tag',
      `<feed>\n<entry a="${'x'.repeat(30_000)}"/></feed>`,
      'has a tag of more than 20,000 characters, at line 2, column 1',
    ],
    ['elements', `<feed>${'<a/>'.repeat(LIMITS.elements)}</feed>`, 'has more than 1,000,000 elements, at line 1'],
    ['depth of elements', '<a>'.repeat(200), 'nested more than 100 deep, at line 1'],
    [
      'snapshots',
      `arxiv_id,observed_at_utc,upvotes\n${'2511.10001,2026-11-20T00:00:00Z,1\n'.repeat(LIMITS.signals)}x`,
      'has more than 500,000 records',
    ],
  ] as const)('%s', async ([, content, message], { db }) => {
    await withFile(content, async (file) =>
      expect(importing(db, file)).rejects.toMatchObject({
        code: 'BAD_IMPORT',
        message: expect.stringContaining(message),
      }),
    )
    expect(await db.$count(papers)).toBe(0)
  })

  test.for([
    [
      { authors: Array.from({ length: 7_000 }, (_, n) => `A. Author${n}`) },
      'has 7,000 authors; a record may have 6,000',
    ],
    [{ authors: ['x'.repeat(5_000)] }, 'has an author of 5,000 characters; a record may have 300'],
    [{ keywords: Array.from({ length: 300 }, (_, n) => `k${n}`) }, 'has 300 keywords; a record may have 200'],
    [{ keywords: ['x'.repeat(500)] }, 'has a keyword of 500 characters; a record may have 200'],
    [{ organization: 'x'.repeat(500) }, 'has an organisation of 500 characters; a record may have 300'],
    [{ somethingElse: 'x'.repeat(LIMITS.raw) }, 'characters in all; a record may have 2,000,000'],
  ] as const)('of one record, and skips only that record: %#', async ([record, reason], { db }) => {
    const [bad] = JSON.parse(list(record)) as unknown[]
    const { bad: left, papers: read } = await withFile(
      JSON.stringify([bad, { title: 'Good', date: '2026-11-20' }]),
      (file) => importing(db, file),
    )
    expect([read, left]).toEqual([
      1,
      [expect.objectContaining({ position: 1, reason: expect.stringContaining(reason) })],
    ])
  })

  test('of a line, and skips only that line', async ({ db }) => {
    const lines = [
      '{"title":"Good","date":"2026-11-20"}',
      `{"title":"${'x'.repeat(LIMITS.line)}"}`,
      '{"title":"Fine","date":"2026-11-20"}',
    ]
    const { bad, papers: read } = await withFile(lines.join('\n'), (file) => importing(db, file))
    expect([read, bad.map(({ position, reason }) => `${position} ${reason}`)]).toEqual([
      2,
      [expect.stringMatching(/^2 has 2,000,\d+ characters in one line/)],
    ])
  })
})

test('brackets and commas in strings do not count, and neither do comments and CDATA', () => {
  expect(() => checkJsonSize(`["${'[{,\\"'.repeat(LIMITS.depth * 2)}"]`)).not.toThrow()
  expect(() => checkXmlSize(`<a><!-- ${'<b c=1 '.repeat(100)} --><![CDATA[${'<b>'.repeat(500)}]]></a>`)).not.toThrow()
})

test('a small gzip of very many records is refused before it fills the memory', async () => {
  const packed = gzipSync(`[${'{"title":"a"},'.repeat(7_000_000)}{}]`)
  expect(packed.length).toBeLessThan(500_000)
  await withFile(packed, async (file) => {
    const script = `
      import { importFile } from ${JSON.stringify(new URL('../../../src/papers/ingest/import-file.ts', import.meta.url).href)}
      try { await importFile({ now: () => new Date(), closeHourUtc: 2 }, process.argv[1]) } catch (error) { console.log(error.code, error.message) }
      console.log(Math.round(process.resourceUsage().maxRSS / 1024))`
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--max-old-space-size=256',
      '--input-type=module',
      '-e',
      script,
      file,
    ])
    const [said, megabytes] = stdout.trim().split('\n')
    expect(said).toMatch(/^BAD_IMPORT .* has more than 100,000 records, at line 1, column /)
    expect(Number(megabytes)).toBeLessThan(600)
  })
}, 60_000)
