import { expect } from 'vitest'
import type { Source } from '../../../src/papers/ingest/sources/source.ts'
import { sourceReads } from '../../../src/runtime/db/schema.ts'
import { collectClosedDay, collectPapersJob } from '../../../workers/collect-papers.ts'
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

test('at its close, all sources are asked at once, and a defect or silence of one costs the edition nothing', async ({
  db,
}) => {
  const services = servicesOn(db, {}, { now: new Date('2026-04-15T02:05:00Z') })
  const asked: string[] = []
  const [slow, other] = [emptySource('hf', asked), emptySource('arxiv', asked)]
  const both = Promise.withResolvers<void>()
  const defective = {
    ...emptySource('hf', asked),
    name: 'defective',
    read: () => Promise.reject(new Error('a defect')),
  }
  const waiting = { ...slow, read: async (span: string) => both.promise.then(() => slow.read(span, undefined)) }
  const freeing = {
    ...other,
    read: async (span: string) => {
      both.resolve()
      return other.read(span, undefined)
    },
  }
  await collectClosedDay(services, [defective, waiting, freeing], '2026-04-14')
  expect(asked.sort()).toEqual(['arxiv 2026-04-14', 'hf 2026-04-14'])
})

test('a worker that stops reads no further days', async ({ db }) => {
  const stopping = new AbortController()
  const read: string[] = []
  const source = emptySource('hf', read)
  const last: Source = {
    ...source,
    read: async (span) => {
      stopping.abort()
      return source.read(span, undefined)
    },
  }
  await collectPapersJob(servicesOn(db), [last, emptySource('arxiv', read)], {}, stopping.signal)
  expect(read).toHaveLength(1)
})
