import { gunzipSync } from 'node:zlib'
import { sql } from 'drizzle-orm'
import { expect } from 'vitest'
import { runUploadedImports } from '../../src/operate/run-uploaded-imports.ts'
import { subscribers } from '../../src/runtime/db/schema.ts'
import { eraseReader } from '../../src/subscription/erase.ts'
import {
  readUpload,
  requestCheck,
  requestImport,
  storeUpload,
  UploadOptions,
} from '../../src/subscription/uploaded-imports.ts'
import { test } from '../support/database.ts'
import { addSubscriber, servicesOn } from '../support/services.ts'

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

test('erasing a reader deletes the uploaded files that name them, in any spelling, and no others', async ({ db }) => {
  const services = servicesOn(db)
  const id = await addSubscriber(db, 'Zoë.Ada@bücher.example')
  await db.execute(sql`
    INSERT INTO address_changes (subscriber_id, email, email_key, address_hash, nonce, requested_at)
    VALUES (${id}, 'next@example.org', 'next@example.org', '\\x00', '\\x00', now())`)
  const files = {
    'as-typed.csv': 'email,name\ngrace@example.org,G\n"Zoë.Ada@bücher.example",Z\n',
    'upper.csv': 'email\nZOË.ADA@BÜCHER.EXAMPLE\n',
    'a-label.csv': 'email\nZoe\u0308 <zoe\u0308.ada@xn--bcher-kva.example>\n',
    'wide.csv': Buffer.from('\ufeffemail\nzoë.ada@bücher.example\n', 'utf16le'),
    'next.csv': 'email\nnext@example.org\n',
    'others.csv':
      'email\nada@bücher.example\nxzoë.ada@bücher.example\nzoë.ada@bücher.example.org\nthenext@example.org\n',
  }
  const ids: Record<string, number> = {}
  for (const [name, content] of Object.entries(files))
    ids[name] = await storeUpload(services, {
      name,
      bytes: Buffer.from(content as string),
      uploadedBy: 'ada@lab.example',
    })
  const left = async () => {
    const { rows } = await db.execute<{ name: string; file: Buffer }>(
      sql`SELECT file_name AS name, file FROM reader_imports WHERE file IS NOT NULL ORDER BY id`,
    )
    return rows.map(({ name, file }) => `${name} ${gunzipSync(file).length > 0}`)
  }
  expect(await left()).toHaveLength(6)
  await eraseReader(services, id)
  expect(await left()).toEqual(['others.csv true'])
  await expect(readUpload(services, ids['upper.csv']!)).rejects.toMatchObject({
    code: 'IMPORT_NOT_FOUND',
    message: expect.stringContaining('erased'),
  })
})
