import { expect } from 'vitest'
import type { Source } from '../../../src/papers/ingest/sources/source.ts'
import { sourceReads } from '../../../src/runtime/db/schema.ts'
import { collectPapersJob } from '../../../workers/collect-papers.ts'
import { test } from '../../support/database.ts'
import { servicesOn } from '../../support/services.ts'

const emptySource = (name: 'hf' | 'arxiv', read: string[]): Source => ({
  name,
  followDays: 14,
  read: async (span) => {
    read.push(`${name} ${span}`)
    return { outcome: 'read', papers: [], bad: [], validators: { etag: null, lastModified: null } }
  },
  fetchByIds: async () => [],
})

test('an operator’s read of one source and day happens although it is not due, and reads nothing else', async ({
  db,
}) => {
  const services = servicesOn(db)
  const read: string[] = []
  const sources = [emptySource('hf', read), emptySource('arxiv', read)]
  await db.insert(sourceReads).values({ source: 'hf', listDay: '2026-04-07', readAt: services.now(), papers: 3 })
  await collectPapersJob(services, sources, { source: 'hf', day: '2026-04-07' })
  await collectPapersJob(services, sources, { source: 'gone', day: '2026-04-07' })
  expect(read).toEqual(['hf 2026-04-07'])
})
