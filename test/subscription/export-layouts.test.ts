import { randomBytes } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { asc } from 'drizzle-orm'
import { expect, onTestFinished } from 'vitest'
import { subscribers } from '../../src/runtime/db/schema.ts'
import { exportSubscribers } from '../../src/subscription/export.ts'
import { LAYOUTS, TOOLS, type Tool } from '../../src/subscription/export-layouts.ts'
import { importSubscribers } from '../../src/subscription/import.ts'
import type { ReaderSearch } from '../../src/subscription/reader-filter.ts'
import { secondDatabase, test } from '../support/database.ts'
import { addSubscriber, servicesOn } from '../support/services.ts'

/** Exports for a tool, and reads the file as that tool's own export. */
async function moveBy(tool: Tool, from: Parameters<typeof exportSubscribers>[0], filter: ReaderSearch) {
  let text = ''
  for await (const chunk of exportSubscribers(from, filter, LAYOUTS[tool])) text += chunk
  const file = join(tmpdir(), `paperboy-${randomBytes(6).toString('hex')}.csv`)
  await writeFile(file, text)
  onTestFinished(() => rm(file))
  const { db } = await secondDatabase()
  await importSubscribers(servicesOn(db), file, { active: true, attestedBy: 'test', dryRun: false })
  const { email, status, topics } = subscribers
  return db.select({ email, status, topics }).from(subscribers).orderBy(asc(email))
}

test.for(TOOLS)('an export for %s is read as that tool’s own, without a mapping', async (tool, { db }) => {
  await addSubscriber(db, 'ada@example.org', { topics: ['agents'], confirmedAt: new Date('2026-01-02T03:04:05Z') })
  await addSubscriber(db, 'eve@example.org', { status: 'unsubscribed', nextDigestAt: null })
  const moved = await moveBy(tool, { db }, { status: 'active' })
  const hasTags = LAYOUTS[tool].some(([name]) => ['TAGS', 'tags', 'labels'].includes(name))
  expect(moved).toEqual([{ email: 'ada@example.org', status: 'active', topics: hasTags ? ['agents'] : [] }])
})

test.for(['ghost', 'plunk'] as const)(
  'an export of all readers for %s activates no one who unsubscribed',
  async (tool, { db }) => {
    await addSubscriber(db, 'ada@example.org')
    for (const status of ['unsubscribed', 'bounced', 'complained', 'pending'] as const)
      await addSubscriber(db, `${status}@example.org`, { status, nextDigestAt: null })
    const moved = await moveBy(tool, { db }, {})
    expect(moved.filter(({ status }) => status === 'active').map(({ email }) => email)).toEqual(['ada@example.org'])
  },
)
