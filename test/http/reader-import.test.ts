import { eq, sql } from 'drizzle-orm'
import { expect } from 'vitest'
import { addRoutes, createServer } from '../../src/app.ts'
import { runUploadedImports } from '../../src/operate/run-uploaded-imports.ts'
import type { Db } from '../../src/runtime/db/database.ts'
import { auditLog, readerImports, subscribers } from '../../src/runtime/db/schema.ts'
import { importSubscribers } from '../../src/subscription/import.ts'
import { deleteOldUploads, storeUpload, UPLOAD_BYTES } from '../../src/subscription/uploaded-imports.ts'
import { secondDatabase } from '../support/database.ts'
import { addSubscriber, servicesOn } from '../support/services.ts'
import { CURATOR, OPERATOR, signedIn, test } from './admin.ts'
import type { Site } from './site.ts'

type Browser = Awaited<ReturnType<typeof signedIn>>
const PATH = '/admin/readers/import'

/** Uploads a file as a browser without JavaScript does. */
async function upload(
  site: Site,
  browser: Browser,
  content: string | Uint8Array<ArrayBuffer>,
  fields = browser.fields,
) {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.set(name, value)
  form.set('file', new File([content], 'old list.csv', { type: 'text/csv' }))
  const body = new Response(form)
  return site.app.inject({
    method: 'POST',
    url: PATH,
    cookies: browser.cookies,
    payload: Buffer.from(await body.arrayBuffer()),
    headers: { 'content-type': body.headers.get('content-type')! },
  })
}

const rowsOf = async (db: Db) =>
  (
    await db.execute(sql`
      SELECT email, status, zone, hour, topics, consent_form, imported_by, left_at, requested_at, confirmed_at, imported_at,
        ARRAY(SELECT kind || ' ' || o.state FROM outbox o WHERE o.subscriber_id = s.id) AS emails
      FROM subscribers s ORDER BY email`)
  ).rows
const suppressed = async (db: Db) =>
  (await db.execute(sql`SELECT address_hash, reason FROM suppressions ORDER BY 1`)).rows

const FILE = [
  'Email Address,State,Time zone,Hour,Opt-out?',
  'ada@example.org,on,Europe/Berlin,7,',
  'bob@example.org,off,UTC,8,',
  'cy@example.org,on,UTC,8,yes',
  'gone@example.org,on,UTC,8,',
  'dee@example.org,waiting,UTC,8,',
].join('\n')

test('upload, mapping, dry run, import, report: consent must be explained, and the result equals the command’s', async ({
  db,
  site,
}) => {
  const { db: elsewhere } = await secondDatabase()
  for (const each of [db, elsewhere]) await addSubscriber(each, 'gone@example.org', { status: 'complained' })
  const before = [await rowsOf(db), await suppressed(db)]
  const { services } = site
  const browser = await signedIn(site)
  const stored = await upload(site, browser, FILE)
  expect(stored.statusCode).toBe(303)
  const page = stored.headers.location as string
  const mapping = await browser.get(page)
  for (const words of ['old list.csv', '>email</option>', 'Known from ', 'ada@example.org', 'not known: ignored'])
    expect(mapping.body).toContain(words)

  const columns = ['Email Address', 'State', 'Time zone', 'Hour', 'Opt-out?']
  const check = async (meanings: string[], more: [string, string][] = []) => {
    const fields = columns.flatMap((name, index): [string, string][] => [
      ['column', name],
      ['meaning', meanings[index] ?? ''],
    ])
    const asked = await browser.post(`${page}/check`, [...fields, ...more])
    await runUploadedImports(services)
    return [asked.statusCode, (await browser.get(page)).body] as const
  }
  // Columns that may be about consent stop it.
  const [, unclear] = await check([])
  const [, why] = /Opt-out\?<\/label> <span class="problem" id="([^"]+)">Is it about consent/.exec(unclear)!
  expect(unclear).toMatch(`aria-invalid="true" aria-describedby="${why}"`)
  expect(unclear).not.toContain('--map')
  // So do values that are not understood.
  const [, values] = await check(['', 'status', '', '', 'unsubscribed'])
  expect(values).toContain('“on” in the column “State” means')
  expect(values).not.toContain('Import now')
  expect((await browser.post(`${page}/import`)).statusCode).toBe(409)
  const explained = Object.entries({ on: 'active', off: 'unsubscribed', waiting: 'pending' }).flatMap(
    ([value, meaning]): [string, string][] => [
      ['valueColumn', 'State'],
      ['value', value],
      ['valueMeaning', meaning],
    ],
  )
  const [, dry] = await check(
    ['', 'status', '', '', 'unsubscribed'],
    [...explained, ['active', 'yes'], ['attestedBy', 'the old list']],
  )
  expect(dry).toContain('would be added')
  expect(dry).toMatch(/<td>2<\/td><th scope="row">would be added/)
  expect([await rowsOf(db), await suppressed(db)]).toEqual(before)

  expect((await browser.post(`${page}/import`)).headers.location).toBe(page)
  expect((await browser.get(page)).body).toContain('The import is under way')
  await runUploadedImports(services)
  const done = await browser.get(page)
  expect(done.body).toMatch(/<td>2<\/td><th scope="row">were added, 1 of them as pending/)
  expect(done.body).not.toContain('ada@example.org')

  await importSubscribers(
    servicesOn(elsewhere),
    { name: 'old list.csv', bytes: Buffer.from(FILE) },
    {
      active: true,
      attestedBy: 'the old list',
      dryRun: false,
      mappings: [
        { target: 'State', meaning: 'status' },
        { target: 'Opt-out?', meaning: 'unsubscribed' },
        { target: 'State:on', meaning: 'active' },
        { target: 'State:off', meaning: 'unsubscribed' },
        { target: 'State:waiting', meaning: 'pending' },
      ],
    },
  )
  expect(await rowsOf(db)).toEqual(await rowsOf(elsewhere))
  expect(await suppressed(db)).toEqual(await suppressed(elsewhere))
  const [row] = await db.select().from(readerImports)
  expect([row!.state, row!.file]).toEqual(['done', null])
  expect((await db.select().from(auditLog)).map(({ action, target }) => `${action} ${target}`)).toContain(
    'imported 2 new readers, 2 opt-outs',
  )
  expect((await browser.post(`${page}/import`)).statusCode).toBe(409)
  expect((await browser.post(`${page}/delete`)).statusCode).toBe(303)
  expect((await browser.get(page)).statusCode).toBe(404)
  expect(site.logged()).not.toMatch(/ada@|bob@/)
})

test('bad lines stop the import and are named; without consent each person is pending', async ({ db, site }) => {
  const browser = await signedIn(site)
  const page = (await upload(site, browser, 'email,hour\nada@example.org,8\nnonsense,8\nbob@example.org,25\n')).headers
    .location as string
  const run = async (action: string, fields: [string, string][] = []) => {
    await browser.post(`${page}/${action}`, fields)
    await runUploadedImports(site.services)
    return (await browser.get(page)).body
  }
  const stopped = await run('check')
  expect(stopped).toContain('line 3: An email address needs an @')
  expect(stopped).toContain('line 4:')
  expect(stopped).not.toContain('Import now')
  expect(await run('check', [['partial', 'yes']])).toContain('Import now')
  const done = await run('import')
  expect(done).toMatch(/<td>2<\/td><th scope="row">bad lines were left out/)
  expect(
    await db
      .select({ email: subscribers.email, status: subscribers.status, by: subscribers.importedBy })
      .from(subscribers),
  ).toEqual([{ email: 'ada@example.org', status: 'pending', by: CURATOR }])
})

test('an upload needs a session, a form token, a CSV file and less than the limit', async ({ db, site }) => {
  const browser = await signedIn(site)
  expect((await upload(site, { ...browser, cookies: {} }, 'email\n')).statusCode).toBe(401)
  expect((await upload(site, browser, 'email\n', { _csrf: 'none' })).statusCode).toBe(403)
  expect((await upload(site, browser, '')).statusCode).toBe(422)
  expect((await browser.post(PATH)).statusCode).toBe(422)
  expect((await upload(site, browser, new Uint8Array(UPLOAD_BYTES + 100_000))).statusCode).toBe(413)
  const broken = await site.app.inject({
    method: 'POST',
    url: PATH,
    cookies: browser.cookies,
    payload: 'no boundary here',
    headers: { 'content-type': 'multipart/form-data; boundary=x' },
  })
  expect(broken.statusCode).toBeLessThan(500)
  expect(await db.$count(readerImports)).toBe(0)
  const noAddress = (await upload(site, browser, 'name\nAda\n')).headers.location as string
  const refused = await browser.post(`${noAddress}/check`)
  expect([
    refused.statusCode,
    refused.body.includes('no column &quot;email&quot;') || refused.body.includes('no column "email"'),
  ]).toEqual([422, true])
  expect(refused.body).not.toContain('--map')
})

test('another worker repeats an import whose worker died; files do not outlive a day', async ({ db, site }) => {
  const browser = await signedIn(site)
  const page = (await upload(site, browser, 'email\nada@example.org\n')).headers.location as string
  await browser.post(`${page}/check`)
  const at = site.clock.now
  await db.update(readerImports).set({ leaseUntil: new Date(at.getTime() + 60_000) })
  expect(await runUploadedImports(site.services)).toBe(0)
  expect((await browser.post(`${page}/delete`)).statusCode).toBe(409)
  site.clock.now = new Date(at.getTime() + 120_000)
  expect(await runUploadedImports(site.services)).toBe(1)
  expect(await db.select({ state: readerImports.state }).from(readerImports)).toEqual([{ state: 'checked' }])
  await deleteOldUploads(site.services)
  expect(await db.$count(readerImports)).toBe(1)
  site.clock.now = new Date(at.getTime() + 25 * 3_600_000)
  await deleteOldUploads(site.services)
  expect(await db.$count(readerImports, eq(readerImports.state, 'checked'))).toBe(0)
})

test('a survey’s file is imported, whose columns are whole questions', async ({ db, site }) => {
  const browser = await signedIn(site)
  const questions = Array.from(
    { length: 60 },
    (_, n) => `${n + 1}. Насколько вы довольны нашей рассылкой о новых статьях?`,
  )
  const file = [
    ['Email Address', ...questions],
    ['ada@example.org', ...questions.map(() => 'да')],
  ]
  const page = (await upload(site, browser, file.map((cells) => cells.join(',')).join('\n'))).headers.location as string
  const fields = file[0]!.flatMap((name): [string, string][] => [
    ['column', name],
    ['meaning', name === 'Email Address' ? 'email' : 'ignore'],
  ])
  expect((await browser.post(`${page}/check`, fields)).statusCode).toBe(303)
  await runUploadedImports(site.services)
  expect((await browser.post(`${page}/import`)).statusCode).toBe(303)
  await runUploadedImports(site.services)
  expect((await db.select().from(subscribers)).map(({ email }) => email)).toEqual(['ada@example.org'])
})

test('an import whose options another person changed is not started by the page that shows the earlier ones', async ({
  db,
  site,
}) => {
  const [one, other] = [await signedIn(site), await signedIn(site, OPERATOR)]
  const page = (await upload(site, one, 'email\nada@example.org')).headers.location as string
  const check = async (browser: Browser, more: Record<string, string> = {}) => {
    expect((await browser.post(`${page}/check`, { column: 'email', meaning: 'email', ...more })).statusCode).toBe(303)
    await runUploadedImports(site.services)
    return { seen: /name="seen" value="([^"]+)"/.exec((await browser.get(page)).body)![1]! }
  }
  const asking = await check(one)
  const activating = await check(other, { active: 'yes' })
  expect((await one.post(`${page}/import`, asking)).statusCode).toBe(409)
  await runUploadedImports(site.services)
  expect(await db.$count(subscribers)).toBe(0)
  expect((await other.post(`${page}/import`, activating)).statusCode).toBe(303)
  await runUploadedImports(site.services)
  const readers = await db.select().from(subscribers)
  expect(
    readers.map(({ status, importedBy }) => [status, importedBy]),
    'attested by the one who ticked it',
  ).toEqual([['active', OPERATOR]])
  const log = await db.select().from(auditLog).where(eq(auditLog.action, 'imported'))
  expect(log.map(({ actor }) => actor)).toEqual([OPERATOR])
})

test('files that do not fit on a page are on the next one', async ({ site }) => {
  const browser = await signedIn(site)
  const content = { bytes: Buffer.from('email\na@example.org\n'), uploadedBy: CURATOR }
  for (let n = 0; n < 23; n++) await storeUpload(site.services, { name: `list ${n}.csv`, ...content })
  const first = (await browser.get(PATH)).body
  const older = /rel="next" href="([^"]+)"/.exec(first)![1]!
  const second = (await browser.get(older)).body
  const names = [...(first + second).matchAll(/>list (\d+)\.csv</g)].map(([, n]) => Number(n))
  expect(names).toEqual(Array.from({ length: 23 }, (_, n) => 22 - n))
  expect(second).not.toContain('rel="next"')
})

test('a file has as long to come over a slow line as its route waits for it', async ({ site: { services } }) => {
  await using app = createServer(services)
  const waits: Record<string, number | undefined> = {}
  app.addHook('onRoute', ({ url, bodyLimit = 0, config }) => {
    if (bodyLimit >= UPLOAD_BYTES) waits[url] = config?.handlerTimeoutMs
  })
  addRoutes(app, services)
  await app.ready()
  expect(Object.keys(waits).sort()).toEqual([PATH, '/api/v1/imports'])
  // Node ends a request that takes longer, without an answer that a browser could show.
  for (const ms of Object.values(waits)) expect(app.server.requestTimeout).toBeGreaterThanOrEqual(ms!)
})
