import { expect } from 'vitest'
import { runUploadedImports } from '../../src/operate/run-uploaded-imports.ts'
import { subscribers } from '../../src/runtime/db/schema.ts'
import {
  readUpload,
  requestCheck,
  requestImport,
  storeUpload,
  UploadOptions,
} from '../../src/subscription/uploaded-imports.ts'
import { test } from '../support/database.ts'
import { servicesOn } from '../support/services.ts'

test('an uploaded list reads like a file: whom one line calls pending, no later line makes active', async ({ db }) => {
  const services = servicesOn(db)
  const between = Array.from({ length: 2500 }, (_, n) => `r${n}@example.org,active`)
  const lines = ['email,status', 'x@example.org,pending', ...between, 'x@example.org,active', '']
  const bytes = Buffer.from(lines.join('\n'))
  const id = await storeUpload(services, { name: 'list.csv', bytes, uploadedBy: 'ada@lab.example' })
  await requestCheck(services, id, UploadOptions.parse({ active: true }), 'ada@lab.example')
  await runUploadedImports(services)
  const counts = { read: 2502, added: 2501, asked: 1, activated: 0, unchanged: 1 }
  expect(await readUpload(services, id)).toMatchObject({ state: 'checked', result: { counts } })
  await requestImport(services, id, 'ada@lab.example')
  await runUploadedImports(services)
  expect(await readUpload(services, id)).toMatchObject({ state: 'done', result: { counts } })
  const pending = await db.select({ email: subscribers.email, status: subscribers.status }).from(subscribers)
  expect(pending.filter(({ status }) => status !== 'active')).toEqual([{ email: 'x@example.org', status: 'pending' }])
})
