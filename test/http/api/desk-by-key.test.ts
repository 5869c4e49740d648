import { asc, eq, sql } from 'drizzle-orm'
import { describe, expect } from 'vitest'
import { assemble } from '../../../src/edition/draft/assemble.ts'
import { type ApiKey, createApiKey, findApiKey, revokeApiKey, type Scope } from '../../../src/operate/api-keys.ts'
import { runUploadedImports } from '../../../src/operate/run-uploaded-imports.ts'
import {
  adminSessions,
  apiKeys,
  auditLog,
  deliveries,
  idempotentRequests,
  submissions,
  subscribers,
  webhookEndpoints,
  webhookMessages,
} from '../../../src/runtime/db/schema.ts'
import { test as onDatabase } from '../../support/database.ts'
import { addPapers, addReaders, addSubscriber, NOON, releasedEdition, servicesOn } from '../../support/services.ts'
import { openSink } from '../../support/sink.ts'
import { siteOn } from '../site.ts'

const CURATOR = 'ak@example.org'

/** A program with keys of some scopes. */
const test = onDatabase.extend('by', { scope: 'test' }, async ({ db, databaseUrl }, { onCleanup }) => {
  const sink = await openSink()
  const settings = { DATABASE_URL: databaseUrl, ADMIN_EMAILS: CURATOR, SMTP_URL: sink.url }
  const { app, services } = siteOn(servicesOn(db, settings))
  onCleanup(async () => {
    await app.close()
    await sink.close()
  })
  const keyFor = async (scopes: Scope[], more: object = {}) =>
    (await createApiKey(services, { name: 'shop', scopes, days: 30, createdBy: 'test', ...more })).key
  const ask = async (key: string, method: string, path: string, payload?: object | string, headers: object = {}) => {
    const answer = await app.inject({
      method: method as 'GET',
      url: `/api/v1${path}`,
      headers: { authorization: `Bearer ${key}`, ...headers },
      ...(payload ? { payload } : {}),
    })
    return { status: answer.statusCode, body: answer.body === '' ? undefined : answer.json() }
  }
  return { services, sink, keyFor, ask }
})

describe('a key that manages keys', () => {
  test('gives at most its own scopes, rate and time', async ({ db, by: { keyFor, ask } }) => {
    const own = await keyFor(['admin', 'read'], { days: 3, perMinute: 50 })
    const made = await ask(own, 'POST', '/keys', { name: 'child', scopes: ['read'], days: 300, perMinute: 999 })
    expect(made).toEqual({
      status: 201,
      body: { id: expect.any(Number), key: expect.stringMatching(/^paperboy_/) },
    })
    const [row] = await db.select().from(apiKeys).where(eq(apiKeys.id, made.body.id))
    expect(row).toMatchObject({
      scopes: ['read'],
      perMinute: 50,
      expiresAt: new Date(NOON.getTime() + 3 * 86_400_000),
      createdBy: expect.stringMatching(/^API key \d+ \(shop\)$/),
    })
    expect((await ask(made.body.key, 'GET', '/status')).status).toBe(200)
    for (const scopes of [['readers'], ['read', 'editions']]) {
      const refused = await ask(own, 'POST', '/keys', { name: 'more', scopes })
      expect([refused.status, refused.body.code]).toEqual([403, 'KEY_LACKS_SCOPE'])
    }
    expect(await db.$count(apiKeys)).toBe(2)
  })

  test.for(['read', 'editions', 'readers'] as const)(
    'needs the scope admin; %s is not enough',
    async (scope, { by: { keyFor, ask } }) => {
      const key = await keyFor([scope])
      for (const path of ['/keys', '/webhooks', '/sessions', '/settings'])
        expect([path, (await ask(key, 'GET', path)).status]).toEqual([path, 403])
      expect((await ask(key, 'POST', '/keys', { name: 'x', scopes: [scope] })).status).toBe(403)
    },
  )

  test('is revoked with the keys that it made, and theirs', async ({ by: { keyFor, ask } }) => {
    const operator = await keyFor(['admin'])
    const leaked = await keyFor(['admin', 'read'])
    const child = (await ask(leaked, 'POST', '/keys', { name: 'child', scopes: ['admin', 'read'] })).body
    const grandchild = (await ask(child.key, 'POST', '/keys', { name: 'grandchild', scopes: ['read'] })).body
    expect((await ask(grandchild.key, 'GET', '/status')).status).toBe(200)
    const { keys } = (await ask(operator, 'GET', '/keys')).body
    const leakedId = keys.find((key: { hint: string }) => leaked.startsWith(key.hint)).id
    expect((await ask(operator, 'DELETE', `/keys/${leakedId}`)).status).toBe(204)
    for (const key of [leaked, child.key, grandchild.key])
      expect((await ask(key, 'GET', '/status')).body.code).toBe('BAD_KEY')
    expect((await ask(operator, 'GET', '/keys')).status).toBe(200)
    expect((await ask(operator, 'DELETE', `/keys/${leakedId}`)).status).toBe(404)
  })

  test('makes none while it is revoked', async ({ db, by: { services, keyFor } }) => {
    for (let round = 0; round < 10; round++) {
      const madeBy: ApiKey = await findApiKey(services, await keyFor(['admin']))
      const wanted = { name: 'late', scopes: ['admin'] as const, days: 1, createdBy: 'test', madeBy }
      await Promise.allSettled([revokeApiKey(services, madeBy.id), createApiKey(services, wanted)])
    }
    const alive = await db.execute(
      sql`SELECT FROM api_keys k JOIN api_keys p ON p.id = k.made_by WHERE k.revoked_at IS NULL AND p.revoked_at IS NOT NULL`,
    )
    expect(alive.rowCount).toBe(0)
  })

  test('lists them without secrets, and no response with one is stored', async ({ db, by: { keyFor, ask } }) => {
    const key = await keyFor(['admin', 'readers'])
    const named = { 'idempotency-key': 'one' }
    const made = await ask(key, 'POST', '/keys', { name: 'child', scopes: ['admin'] }, named)
    const endpoint = { url: 'https://shop.example/hook', events: ['edition.released'] }
    const added = await ask(key, 'POST', '/webhooks', endpoint, named)
    const rotated = await ask(key, 'POST', `/webhooks/${added.body.id}/rotate`, undefined, named)
    expect(await db.$count(idempotentRequests)).toBe(0)
    const lists = JSON.stringify([await ask(key, 'GET', '/keys'), await ask(key, 'GET', '/webhooks')])
    for (const secret of [made.body.key, added.body.secret, rotated.body.secret]) {
      expect(secret.length).toBeGreaterThan(30)
      expect(lists).not.toContain(secret)
    }
  })
})

describe('webhooks', () => {
  test('are added, tested, rotated, disabled, replayed and deleted', async ({ db, by: { keyFor, ask } }) => {
    const key = await keyFor(['admin'])
    const added = await ask(key, 'POST', '/webhooks', {
      url: 'https://shop.example/hook',
      events: ['edition.released', 'edition.finished'],
    })
    expect(added).toEqual({ status: 201, body: { id: expect.any(Number), secret: expect.stringMatching(/^whsec_/) } })
    const { id, secret } = added.body
    const path = `/webhooks/${id}`
    expect((await ask(key, 'POST', `${path}/test`)).status).toBe(204)
    expect((await ask(key, 'POST', `${path}/rotate`)).body.secret).not.toBe(secret)
    for (const time of ['once', 'again, which changes nothing'])
      expect((await ask(key, 'POST', `${path}/disable`)).status, time).toBe(204)
    expect((await ask(key, 'GET', '/webhooks')).body.endpoints).toMatchObject([
      { id, url: 'https://shop.example/hook', disabledWhy: 'by a person', waiting: 1 },
    ])
    for (const time of ['once', 'again, which changes nothing'])
      expect((await ask(key, 'POST', `${path}/enable`)).status, time).toBe(204)
    await db.update(webhookMessages).set({ state: 'failed', attempts: 10, failure: 'answered 500', status: 500 })
    const { messages } = (await ask(key, 'GET', `${path}/messages`)).body
    expect(messages).toMatchObject([{ event: 'test', state: 'failed', status: 500, failure: 'answered 500' }])
    expect((await ask(key, 'POST', `${path}/messages/${messages[0].id}/replay`)).status).toBe(204)
    expect((await db.select().from(webhookMessages))[0]).toMatchObject({ state: 'waiting', attempts: 0 })
    expect((await ask(key, 'POST', `${path}/messages/999/replay`)).status).toBe(404)
    expect((await ask(key, 'DELETE', path)).status).toBe(204)
    expect(await db.$count(webhookEndpoints)).toBe(0)
    const log = (await db.select().from(auditLog).orderBy(asc(auditLog.id))).map((row) => row.action)
    expect(log).toEqual([
      ...['added', 'sent a test to', 'rotated the secret of', 'disabled', 'enabled'],
      ...[`sent message ${messages[0].id} again to`, 'deleted'],
    ])
  })

  test('about readers need the scope that reads readers', async ({ db, by: { keyFor, ask } }) => {
    const url = 'https://shop.example/hook'
    const wanted = [
      { url, events: ['reader.confirmed'] },
      { url, events: ['edition.released'], includeAddresses: true },
    ]
    const [narrow, wide] = [await keyFor(['admin']), await keyFor(['admin', 'readers'])]
    for (const each of wanted) expect((await ask(narrow, 'POST', '/webhooks', each)).body.code).toBe('KEY_LACKS_SCOPE')
    expect(await db.$count(webhookEndpoints)).toBe(0)
    for (const each of wanted) expect((await ask(wide, 'POST', '/webhooks', each)).status).toBe(201)
  })

  test('have pages of messages that meet none twice', async ({ db, by: { services, keyFor, ask } }) => {
    const key = await keyFor(['admin'])
    const { id } = (await ask(key, 'POST', '/webhooks', { url: 'https://shop.example/', events: ['edition.released'] }))
      .body
    const message = { endpointId: id, event: 'test', occurredAt: services.now(), data: {} }
    await db.insert(webhookMessages).values(Array.from({ length: 7 }, () => message))
    const seen: number[] = []
    let next: string | undefined
    do {
      const { body } = await ask(key, 'GET', `/webhooks/${id}/messages?limit=3${next ? `&cursor=${next}` : ''}`)
      seen.push(...body.messages.map((each: { id: number }) => each.id))
      next = body.next
    } while (next)
    expect([seen.length, new Set(seen).size]).toEqual([7, 7])
  })
})

test('sessions of the desk are listed and ended', async ({ db, by: { services, keyFor, ask } }) => {
  const key = await keyFor(['admin'])
  const at = services.now()
  await db.insert(adminSessions).values([
    { address: CURATOR, askedAt: at, begunAt: at },
    { address: CURATOR, askedAt: at },
    { address: 'former@example.org', askedAt: at, begunAt: at },
  ])
  const { sessions } = (await ask(key, 'GET', '/sessions')).body
  expect(sessions.map(({ address, state }: { address: string; state: string }) => [address, state])).toEqual([
    [CURATOR, 'unused link'],
    [CURATOR, 'signed in'],
  ])
  expect((await ask(key, 'DELETE', `/sessions/${sessions[1].id}`)).status).toBe(204)
  expect((await ask(key, 'GET', '/sessions')).body.sessions).toHaveLength(1)
  expect((await ask(key, 'DELETE', `/sessions/${sessions[1].id}`)).status).toBe(404)
})

test('settings are shown without their secrets', async ({ by: { services, keyFor, ask } }) => {
  const { body } = await ask(await keyFor(['admin']), 'GET', '/settings')
  const byName = new Map(body.settings.map((each: { name: string; value: string }) => [each.name, each.value]))
  expect(byName.get('ADMIN_EMAILS')).toBe(CURATOR)
  expect(byName.get('SECRET_KEY')).toBe('set, hidden')
  expect(JSON.stringify(body)).not.toContain(services.config.SECRET_KEY)
  expect(body.identity).toContainEqual({ name: 'name', value: services.config.newsletter.name })
})

test('sources are listed, and read at once', async ({ db, by: { keyFor, ask } }) => {
  const { sources } = (await ask(await keyFor(['read']), 'GET', '/sources')).body
  expect(sources[0]).toMatchObject({ source: 'hf', state: 'unread', papersToday: 0 })
  // Before the first read, only today is missing.
  expect(sources[0].gaps).toEqual([{ day: '2026-04-15', why: 'not read' }])
  const key = await keyFor(['editions'])
  expect(await ask(key, 'POST', '/sources/hf/fetch')).toEqual({
    status: 202,
    body: { source: 'hf', day: '2026-04-15' },
  })
  expect((await ask(key, 'POST', '/sources/hf/fetch', { date: '2026-04-02' })).body.day).toBe('2026-04-02')
  expect((await ask(key, 'POST', '/sources/none/fetch')).status).toBe(404)
  expect((await db.select().from(auditLog)).map(({ target }) => target)).toEqual(['hf, 2026-04-15', 'hf, 2026-04-02'])
})

test('several suggestions are decided at once; those that wait no more are named', async ({
  db,
  by: { keyFor, ask },
}) => {
  const found = { source: 'arxiv', title: 'Suggested', abstract: '', authors: ['Ada'], keywords: [], raw: {} }
  const ids = ['2604.99997', '2604.99998', '2604.99999']
  await db.insert(submissions).values(
    ids.map((arxivId) => ({
      arxivId,
      state: 'found' as const,
      found: { ...found, sourceId: arxivId, listDay: '2026-04-14', listPosition: 0 },
    })),
  )
  const key = await keyFor(['editions'])
  const decide = (papers: string[], action: string) => ask(key, 'POST', '/submissions', { papers, action })
  expect((await decide([ids[0]!, '2601.00001', ids[1]!], 'accept')).body).toEqual({
    decided: [ids[0], ids[1]],
    missed: ['2601.00001'],
  })
  expect((await decide(ids, 'decline')).body).toEqual({ decided: [ids[2]], missed: [ids[0], ids[1]] })
  expect(await db.$count(auditLog)).toBe(3)
})

describe('an edition', () => {
  test('shows who gets it and when, before it is released', async ({ db, by: { services, keyFor, ask } }) => {
    await addReaders(db, 4)
    await releasedEdition(services, '2026-04-13', 2)
    const { body } = await ask(await keyFor(['read']), 'GET', '/editions/daily/2026-04-13/forecast')
    expect(body).toMatchObject({ readers: 4, locales: [{ locale: 'en', readers: 4 }] })
    expect(body.hours.reduce((sum: number, { emails }: { emails: number }) => sum + emails, 0)).toBe(4)
  })

  test('is previewed without a reader, and tested to an admin alone', async ({ db, by }) => {
    const { services, sink, keyFor, ask } = by
    await releasedEdition(services, '2026-04-13', 3)
    const key = await keyFor(['editions'])
    const path = '/editions/daily/2026-04-13'
    const { body } = await ask(key, 'GET', `${path}/preview?locale=de&size=2`)
    expect(body.text).toContain('Hier sind Ihre 2.')
    expect(body.html).toContain('Paper 2 of')
    const stranger = await ask(key, 'POST', `${path}/test`, { to: 'stranger@example.org' })
    expect([stranger.status, stranger.body.code]).toEqual([422, 'BAD_ADDRESS'])
    expect(stranger.body.errors).toMatchObject([{ field: 'to' }])
    expect((await ask(key, 'POST', `${path}/test`, { to: CURATOR.toUpperCase() })).body.state).toBe('accepted')
    expect((await sink.read(CURATOR)).subject).toMatch(/^\[Test\] /)
    expect(sink.taken).toHaveLength(1)
    expect((await db.select().from(auditLog)).map(({ action }) => action)).toEqual(['sent a test of'])
  })

  test('takes a PATCH of nothing, and a POST without its optional body', async ({
    db,
    by: { services, keyFor, ask },
  }) => {
    await addPapers(services.db, '2026-04-14', 3)
    await assemble(services, { date: '2026-04-14' })
    const key = await keyFor(['editions'])
    const path = '/editions/daily/2026-04-14'
    expect((await ask(key, 'PATCH', `${path}/wording`, {})).status).toBe(204)
    expect((await ask(key, 'POST', `${path}/papers/2604.14001/pick`)).status).toBe(200)
    const log = (await db.select().from(auditLog)).map(({ target }) => target)
    expect(log.at(-1)).toBe('paper 2604.14001 in the daily edition of 2026-04-14')
  })

  test('has its refused emails sent again, after a dry run', async ({ db, by: { services, keyFor, ask } }) => {
    await addReaders(db, 3)
    const editionId = await releasedEdition(services, '2026-04-13', 2)
    await db.execute(sql`UPDATE editions SET state = 'sent' WHERE id = ${editionId}`)
    await db.execute(sql`SELECT ensure_delivery_partition(${editionId}::bigint)`)
    await db.execute(sql`
      WITH b AS (INSERT INTO batches (edition_id, due_at, state) VALUES (${editionId}, now(), 'done') RETURNING id)
      INSERT INTO deliveries (edition_id, subscriber_id, batch_id, state, relay, reply, expires_at)
      SELECT ${editionId}, s.id, b.id, 'refused', 'a', '550 5.7.1 no', now() FROM b, subscribers s`)
    const key = await keyFor(['editions'])
    const path = '/editions/daily/2026-04-13/deliveries'
    const { body } = await ask(key, 'GET', path)
    expect(body).toMatchObject({ total: 3, states: { refused: 3 }, relays: [{ name: 'a', total: 3, refused: 3 }] })
    expect(body.domains).toMatchObject([{ name: 'example.org', total: 3 }])
    const again = (more: object) => ask(key, 'POST', `${path}/again`, { states: ['refused'], ...more })
    expect((await again({ dryRun: true })).body).toEqual({ queued: { refused: 3 } })
    expect(await db.$count(deliveries, eq(deliveries.state, 'queued'))).toBe(0)
    expect((await again({})).body).toEqual({ queued: { refused: 3 } })
    expect(await db.$count(deliveries, eq(deliveries.state, 'queued'))).toBe(3)
    expect((await again({})).body).toEqual({ queued: {} })
    const log = (await db.select().from(auditLog)).map(({ action }) => action)
    expect(log, 'the last one queued nothing').toEqual(['queued refused deliveries again of'])
  })
})

test('readers are found by a part of their address, and have a history', async ({ db, by: { keyFor, ask } }) => {
  await addReaders(db, 3)
  const id = await addSubscriber(db, 'ada.lovelace@uni.example')
  const key = await keyFor(['readers'])
  const abroad = await addSubscriber(db, 'caf\u00e9@xn--exmple-cua.org')
  for (const text of ['Cafe\u0301', 'caf\u00e9@ex\u00e4mple.org', '@Ex\u00e4mple.org'])
    expect((await ask(key, 'POST', '/readers/search', { text })).body.readers).toMatchObject([{ id: abroad }])
  const numbered = await addSubscriber(db, 'wang@163.com')
  expect((await ask(key, 'POST', '/readers/search', { text: 'wang@163' })).body.readers).toMatchObject([
    { id: numbered },
  ])
  const { body } = await ask(key, 'POST', '/readers/search', { text: 'LOVELACE' })
  expect(body.readers.map((reader: { id: number }) => reader.id)).toEqual([id])
  expect((await ask(key, 'POST', '/readers/search', { text: 'lovelace', status: 'bounced' })).body.readers).toEqual([])
  await ask(key, 'POST', `/readers/${id}/unsubscribe`)
  const { events, deliveries } = (await ask(key, 'GET', `/readers/${id}/history`)).body
  expect(events).toMatchObject([{ what: 'operator', result: expect.stringMatching(/^unsubscribed by API key/) }])
  expect(deliveries).toEqual([])
})

test('a file of readers is uploaded, checked, explained and imported', async ({ db, by }) => {
  const { services, keyFor, ask } = by
  const key = await keyFor(['readers'])
  const csv = 'Email Address,Opt-out?\nnew@example.org,no\nold@example.org,yes\n'
  const { status, body } = await ask(key, 'POST', '/imports', { name: 'list.csv', csv })
  expect([status, body.state]).toEqual([201, 'uploaded'])
  const path = `/imports/${body.id}`
  const run = async (step: string, options?: object) => {
    const answer = await ask(key, 'POST', `${path}/${step}`, options)
    expect(answer.status).toBe(202)
    await runUploadedImports(services)
    return (await ask(key, 'GET', path)).body
  }
  const unclear = await run('check')
  expect(unclear).toMatchObject({ state: 'failed', unclear: { columns: ['Opt-out?'] } })
  // The API has fields where the command has options.
  expect(unclear.problem).toMatch(/the column "Opt-out\?"\.$/)
  expect((await ask(key, 'POST', `${path}/start`)).status).toBe(409)
  const checked = await run('check', {
    columns: [{ column: 'Opt-out?', meaning: 'unsubscribed' }],
    active: true,
    attestedBy: 'the shop',
  })
  expect(checked).toMatchObject({ state: 'checked', counts: { read: 2, added: 1, remembered: 1 } })
  expect(await db.$count(subscribers)).toBe(0)
  expect(await run('start')).toMatchObject({ state: 'done', counts: { added: 1, remembered: 1 } })
  expect((await db.select().from(subscribers)).map(({ email, status: each }) => [email, each]).sort()).toEqual([
    ['new@example.org', 'active'],
    ['old@example.org', 'unsubscribed'],
  ])
  expect((await ask(key, 'DELETE', path)).status).toBe(204)
  for (const [method, step] of [
    ['DELETE', ''],
    ['POST', '/check'],
    ['POST', '/start'],
  ] as const) {
    const gone = await ask(key, method, path + step, method === 'POST' ? {} : undefined)
    expect([step, gone.status, gone.body.code]).toEqual([step, 404, 'IMPORT_NOT_FOUND'])
  }
  expect((await ask(key, 'GET', '/imports')).body.imports).toEqual([])
  for (let n = 0; n < 23; n++) await ask(key, 'POST', '/imports', { csv: 'email\na@example.org\n' })
  const seen: number[] = []
  let next: string | undefined
  do {
    const { body: page } = await ask(key, 'GET', `/imports?limit=10${next ? `&cursor=${next}` : ''}`)
    seen.push(...page.imports.map((each: { id: number }) => each.id))
    next = page.next
  } while (next)
  expect(seen).toEqual(Array.from({ length: 23 }, (_, n) => seen[0]! - n))
  const large = `email\n${'a@example.org\n'.repeat(100_000)}`
  expect((await ask(key, 'POST', '/imports', { csv: large })).status).toBe(201)
})

test('invalid JSON as large as an upload is refused without a place, which takes long to find', async ({
  by: { keyFor, ask },
}) => {
  const asJson = { 'content-type': 'application/json' }
  const answer = await ask(await keyFor(['readers']), 'POST', '/imports', `{"csv":x${' '.repeat(1_000_000)}`, asJson)
  expect([answer.status, answer.body.detail]).toEqual([400, 'The body is not valid JSON.'])
})

test('a change of an edition that changes nothing enters no second line in the audit log', async ({
  db,
  by: { services, keyFor, ask },
}) => {
  const key = await keyFor(['editions'])
  await addPapers(db, '2026-04-14', 3)
  await assemble(services, { kind: 'daily', date: '2026-04-14' })
  const at = new Date(NOON.getTime() + 3_600_000).toISOString()
  const steps: [method: 'POST' | 'PUT' | 'PATCH', path: string, payload?: object][] = [
    ['POST', '/hold'],
    ['POST', '/resume'],
    ['PATCH', '/wording', { note: 'Read *this*.', subject: 'Ours' }],
    ['PATCH', '/wording', { sponsor: { name: 'Lab', text: 'Hires.', url: 'https://lab.example' } }],
    ['PATCH', '/wording', { note: null }],
    ['PUT', '/schedule', { at }],
    ['PUT', '/schedule', { at: null }],
    ['POST', '/papers/2604.14002/pick', { note: 'Good.' }],
    ['POST', '/papers/2604.14002/note', { note: 'Better.' }],
    ['POST', '/papers/2604.14002/unpick'],
    ['POST', '/papers/2604.14000/drop'],
    ['POST', '/papers/2604.14001/pin', { place: 2 }],
    ['POST', '/papers/2604.14001/unpin'],
    ['POST', '/release'],
    ['POST', '/pause'],
    ['POST', '/resume'],
    ['POST', '/cancel'],
  ]
  for (const [method, path, payload] of steps) {
    const change = () => ask(key, method, `/editions/daily/2026-04-14${path}`, payload)
    const before = await db.$count(auditLog)
    expect([path, (await change()).status < 300]).toEqual([path, true])
    expect([path, (await db.$count(auditLog)) - before]).toEqual([path, 1])
    await change()
    expect([path, (await db.$count(auditLog)) - before], 'again').toEqual([path, 1])
  }
})
