import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { preview } from '../../src/delivery/preview/preview.ts'
import { assemble } from '../../src/edition/draft/assemble.ts'
import { importFile } from '../../src/papers/ingest/import-file.ts'
import { sourceReads } from '../../src/runtime/db/schema.ts'
import { test } from '../support/database.ts'
import { addPapers, servicesOn } from '../support/services.ts'

const EDITION = { kind: 'daily' as const, date: '2026-04-14' }

test('an edition whose list was not read after its close says when it was read', async ({ db }) => {
  const services = servicesOn(db)
  await addPapers(db, '2026-04-14', 4)
  await assemble(services, EDITION)
  expect((await preview(services, EDITION)).text).toContain('4 papers, final ranking of 02:00 UTC')

  const read = (readAt: string) => ({ source: 'hf', listDay: '2026-04-14', readAt: new Date(readAt), papers: 4 })
  await db.insert(sourceReads).values(read('2026-04-14T18:40:00Z'))
  await assemble(services, EDITION)
  expect((await preview(services, EDITION)).text.replace(/\s+/g, ' ')).toContain(
    '4 papers, ranking as of Tuesday, 14 April 2026, 18:40 UTC',
  )

  await db.update(sourceReads).set(read('2026-04-15T02:10:00Z'))
  await assemble(services, EDITION)
  expect((await preview(services, EDITION)).text).toContain('final ranking of 02:00 UTC')
})

test('so does an edition whose list is a file that was read before the close', async ({ db }) => {
  const services = servicesOn(db)
  const folder = mkdtempSync(join(tmpdir(), 'paperboy-list-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'papers.jsonl')
  const imported = async (votes: number, observed?: string) => {
    writeFileSync(file, JSON.stringify({ title: 'A paper', arxivId: '2604.14001', votes, date: EDITION.date }))
    await importFile({ ...services, closeHourUtc: 2 }, file, observed ? { observed: new Date(observed) } : {})
    await assemble(services, EDITION)
    return (await preview(services, EDITION)).text.replace(/\s+/g, ' ')
  }
  expect(await imported(3, '2026-04-14T12:00:00Z')).toContain(
    '1 paper, ranking as of Tuesday, 14 April 2026, 12:00 UTC',
  )
  expect(await imported(4), 'the file does not say when').toContain('1 paper, final ranking of 02:00 UTC')
  expect(await imported(5, '2026-04-15T02:05:00Z')).toContain('1 paper, final ranking of 02:00 UTC')
})
