import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { afterAll, describe, expect } from 'vitest'
import { receiveMail } from '../../src/inbound/receive.ts'
import { addressHash } from '../../src/mail/address.ts'
import { outbox, subscribers, suppressions } from '../../src/runtime/db/schema.ts'
import type { Services } from '../../src/runtime/services.ts'
import { exportSubscribers } from '../../src/subscription/export.ts'
import { importSubscribers } from '../../src/subscription/import.ts'
import { unsubscribeReader } from '../../src/subscription/unsubscribe.ts'
import { BOUNCES, complaintMail, handedDigest } from '../inbound/support.ts'
import { secondDatabase, test } from '../support/database.ts'
import { addSubscriber, NOON, servicesOn, testConfig } from '../support/services.ts'

const folder = mkdtempSync(join(tmpdir(), 'paperboy-import-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function csv(content: string | Buffer, name = 'readers.csv'): string {
  const file = join(folder, name)
  writeFileSync(file, content)
  return file
}
const ACTIVE = { active: true, attestedBy: 'the operator', dryRun: false }
const ASKED = { ...ACTIVE, active: false }
const all = async ({ db }: Services) => db.select().from(subscribers).orderBy(subscribers.emailKey)
const exported = async (services: Services) => (await Array.fromAsync(exportSubscribers(services))).join('')

describe('reads a file', () => {
  const row = { email: 'Ada@example.org', zone: 'Europe/Berlin', hour: 7, cadence: 'weekdays', size: 5 }
  const files: Record<string, string | Buffer> = {
    'with its columns in any order': 'size,hour,EMAIL,cadence,zone\n5,7,Ada@Example.org,weekdays,Europe/Berlin\n',
    'with a byte order mark and Windows line ends':
      '\uFEFFemail,zone,hour,cadence,size\r\nAda@example.org,Europe/Berlin,7,weekdays,5\r\n',
    'with quotes, white space and empty lines':
      '\n"email" , "zone",hour,cadence,size\n\n"Ada@example.org", "Europe/Berlin" ,"7", weekdays ,5\n\n',
    'with columns it does not know':
      'name,email,zone,hour,cadence,size\n"Lovelace, ""Ada""\nCountess",Ada@example.org,Europe/Berlin,7,weekdays,5\n',
    'without a newline at the end': 'email,zone,hour,cadence,size\nAda@example.org,Europe/Berlin,7,weekdays,5',
  }
  for (const [name, content] of Object.entries(files)) {
    test(name, async ({ db }) => {
      const services = servicesOn(db)
      expect(await importSubscribers(services, csv(content), ACTIVE)).toMatchObject({ read: 1, added: 1, refused: 0 })
      expect(await all(services)).toMatchObject([
        { ...row, status: 'active', importedBy: 'the operator', importedAt: NOON },
      ])
    })
  }

  test('with only addresses: defaults to daily at eight UTC, ten papers', async ({ db }) => {
    const services = servicesOn(db)
    await importSubscribers(services, csv('email\nada@example.org\nada@bücher.example\n'), ACTIVE)
    expect(await all(services)).toMatchObject([
      {
        email: 'ada@example.org',
        zone: 'UTC',
        hour: 8,
        cadence: 'daily',
        size: 10,
        nextDigestAt: new Date('2026-04-16T08:00:00Z'),
      },
      { email: 'ada@xn--bcher-kva.example' },
    ])
  })
})

describe('consent', () => {
  test('with --active the operator attests consent, and no confirmation email is sent', async ({ db }) => {
    const services = servicesOn(db)
    await importSubscribers(services, csv('email\nada@example.org\n'), ACTIVE)
    expect(await all(services)).toMatchObject([{ status: 'active', confirmedAt: NOON, importedBy: 'the operator' }])
    expect(await db.$count(outbox)).toBe(0)
  })

  test('without it each reader gets one confirmation email', async ({ db }) => {
    const services = servicesOn(db)
    await importSubscribers(services, csv('email\nada@example.org\nbob@example.org\n'), ASKED)
    await importSubscribers(services, csv('email\nada@example.org\nbob@example.org\n'), ASKED)
    expect((await all(services)).map((row) => [row.status, row.nextDigestAt])).toEqual([
      ['pending', null],
      ['pending', null],
    ])
    expect((await db.select().from(outbox)).map((mail) => mail.kind)).toEqual(['confirm', 'confirm'])
  })

  test('unsubscribed, bounced, complained and suppressed readers stay so, and are counted', async ({ db }) => {
    const services = servicesOn(db)
    for (const status of ['unsubscribed', 'bounced', 'complained'] as const) {
      await addSubscriber(db, `${status}@example.org`, { status, nextDigestAt: null })
    }
    const reasons = ['hard bounce', 'complaint', 'erasure', 'manual'] as const
    for (const [n, reason] of reasons.entries()) {
      await db
        .insert(suppressions)
        .values({ addressHash: addressHash(testConfig().SUPPRESSION_KEY, `s${n}@example.org`), reason })
    }
    await addSubscriber(db, 's3@example.org', { status: 'pending' })
    const before = await all(services)
    const names = ['unsubscribed', 'bounced', 'Complained', 's0', 's1', 's2', 'S3']
    const file = csv(`email\n${names.map((name) => `${name}@example.org\n`).join('')}new@example.org\n`)
    for (const options of [ACTIVE, ASKED]) {
      expect(await importSubscribers(services, file, options)).toMatchObject({ refused: 7 })
    }
    expect((await all(services)).filter((row) => row.emailKey !== 'new@example.org')).toEqual(before)
    expect(await db.$count(outbox)).toBe(0)
  })

  test('the status column counts: unsubscribed readers stay so, pending ones get a confirmation email', async ({
    db,
  }) => {
    const services = servicesOn(db)
    const statuses = ['active', 'pending', 'unsubscribed', 'bounced', 'complained']
    const file = csv(`email,status\n${statuses.map((status) => `${status}@example.org,${status}\n`).join('')}`)
    expect(await importSubscribers(services, file, ACTIVE)).toMatchObject({ read: 5, added: 2, remembered: 3 })
    expect((await all(services)).map((row) => [row.email, row.status, row.nextDigestAt !== null])).toEqual([
      ['active@example.org', 'active', true],
      ['bounced@example.org', 'bounced', false],
      ['complained@example.org', 'complained', false],
      ['pending@example.org', 'pending', false],
      ['unsubscribed@example.org', 'unsubscribed', false],
    ])
    expect(await db.$count(outbox)).toBe(1)
    expect((await db.select().from(suppressions)).map(({ reason }) => reason).sort()).toEqual([
      'complaint',
      'hard bounce',
    ])
    // Another list does not activate them.
    const other = csv(
      statuses
        .map((status) => `${status}@example.org`)
        .join('\n')
        .replace(/^/, 'email\n'),
    )
    expect(await importSubscribers(services, other, ACTIVE)).toMatchObject({ activated: 1, unchanged: 1, refused: 3 })
  })

  test('keeps the time of consent and a pause', async ({ db }) => {
    const services = servicesOn(db)
    const file = csv(
      'EMAIL,ConfirmedAt,consent_form,paused_until\nada@example.org,2024-02-03T04:05:06Z,paper form 7,2026-05-01T00:00:00Z\n',
    )
    await importSubscribers(services, file, ACTIVE)
    expect(await all(services)).toMatchObject([
      {
        confirmedAt: new Date('2024-02-03T04:05:06Z'),
        consentForm: 'paper form 7',
        importedBy: 'the operator',
        nextDigestAt: new Date('2026-05-01T08:00:00Z'),
      },
    ])
  })

  test('a time in the future counts as now: a complaint about the first digest is heard', async ({ db }) => {
    const now = new Date('2026-04-15T06:00:00Z')
    const services = servicesOn(db, BOUNCES, { now })
    const times = '2026-04-15 13:00:00,2026-04-15 14:00:00'
    const columns = 'email,status,requested_at,confirmed_at,left_at'
    const lines = [`ada@example.org,active,${times},`, `bob@example.org,unsubscribed,${times},2026-04-15 15:00:00`]
    await importSubscribers(services, csv(`${[columns, ...lines].join('\n')}\n`), ACTIVE)
    const [ada, bob] = await all(services)
    expect(ada).toMatchObject({ requestedAt: now, confirmedAt: now, leftAt: null })
    expect(bob).toMatchObject({ requestedAt: now, confirmedAt: now, leftAt: now })
    // At eight.
    const { returnPath, messageId } = await handedDigest(services, ada!.id, '2026-04-15')
    const header = [`Message-ID: ${messageId}`]
    const report = complaintMail({ to: returnPath, recipient: 'ada@example.org', header })
    expect(await receiveMail(services, report, { source: 'smtp' })).toMatchObject({ action: 'suppressed' })
  })

  test('a pause may end at the hour of a digest: it comes then', async ({ db }) => {
    const services = servicesOn(db)
    await importSubscribers(services, csv('email,paused_until\nada@example.org,2026-05-01T08:00:00Z\n'), ACTIVE)
    expect(await all(services)).toMatchObject([{ nextDigestAt: new Date('2026-05-01T08:00:00Z') }])
  })

  test('activates a pending reader, at their own hour and zone', async ({ db }) => {
    const services = servicesOn(db)
    await addSubscriber(db, 'ada@example.org', { status: 'pending', zone: 'Asia/Tokyo', hour: 7, nextDigestAt: null })
    expect(await importSubscribers(services, csv('email\nADA@example.org\n'), ACTIVE)).toMatchObject({
      activated: 1,
      added: 0,
    })
    expect(await all(services)).toMatchObject([
      { status: 'active', zone: 'Asia/Tokyo', hour: 7, nextDigestAt: new Date('2026-04-15T22:00:00Z') },
    ])
  })
})

describe('a bad line', () => {
  const good = 'ada@example.org,UTC,8,daily,10'
  const bad: [string, string, RegExp][] = [
    ['an invalid address', 'ada.example.org,UTC,8,daily,10', /line 4: .*@/],
    ['a header injection', '"eve@example.org\nBcc: x@y.zz",UTC,8,daily,10', /line \d: /],
    ['no address', ',UTC,8,daily,10', /line 4: .*@/],
    ['an hour of 25', 'bob@example.org,UTC,25,daily,10', /line 4: hour "25"/],
    ['an hour as a word', 'bob@example.org,UTC,eight,daily,10', /line 4: hour "eight"/],
    ['an unknown cadence', 'bob@example.org,UTC,8,hourly,10', /line 4: cadence "hourly"/],
    ['a size that is not a number', 'bob@example.org,UTC,8,daily,1e9', /line 4: size "1e9"/],
    ['more papers than an email can hold', 'bob@example.org,UTC,8,daily,50', /line 4: size "50"/],
    ['an unknown zone', 'bob@example.org,Mars/Olympus,8,daily,10', /line 4: .*"Mars\/Olympus"/],
    ['a zone with a NUL', 'bob@example.org,Europe/Berlin\0,8,daily,10', /line 4: .*zone/],
    ['a missing column', 'bob@example.org,UTC,8', /line 4/],
    ['an unclosed quote', '"bob@example.org,UTC,8,daily,10', /CSV|[Qq]uote/],
  ]
  for (const [name, line, words] of bad) {
    test(`${name}: names it and imports nothing`, async ({ db }) => {
      const services = servicesOn(db)
      const file = csv(
        `email,zone,hour,cadence,size\n${good}\ncy@example.org,UTC,8,daily,10\n${line}\ndi@example.org,UTC,8,daily,10\n`,
      )
      await expect(importSubscribers(services, file, ACTIVE)).rejects.toMatchObject({
        code: 'BAD_IMPORT',
        message: expect.stringMatching(words),
      })
      expect([await db.$count(subscribers), await db.$count(outbox)]).toEqual([0, 0])
    })
  }

  test('among thousands rolls everything back; up to twenty are named', async ({ db }) => {
    const services = servicesOn(db)
    const lines = Array.from({ length: 5000 }, (_, n) => (n > 4900 ? `r${n}` : `r${n}@example.org`))
    const attempt = importSubscribers(services, csv(`email\n${lines.join('\n')}\n`), ACTIVE)
    const error: Error = await attempt.then(
      () => new Error('was imported'),
      (reason) => reason,
    )
    expect(error.message.match(/line \d+:/g)).toHaveLength(20)
    expect(error.message).toContain('line 4903:')
    expect(await db.$count(subscribers)).toBe(0)
  })

  test('a missing or empty file, or one without the column "email", has its own message', async ({ db }) => {
    const services = servicesOn(db)
    const cases: [string, RegExp][] = [
      [join(folder, 'none.csv'), /does not exist/],
      [folder, /is a folder; name a file/],
      [csv('', 'empty.csv'), /email/],
      [csv('address\nada@example.org\n', 'column.csv'), /email/],
      [csv(Buffer.from([0x1f, 0x8b, 0x08, 0, 0xff, 0xfe, 0x00]), 'binary.csv'), /email|CSV/],
    ]
    for (const [file, words] of cases) {
      await expect(importSubscribers(services, file, ACTIVE), file).rejects.toMatchObject({
        code: 'BAD_IMPORT',
        message: expect.stringMatching(words),
      })
    }
  })
})

test('two files with the same people in another order are imported one after the other', async ({ db }) => {
  const services = servicesOn(db)
  const people = Array.from({ length: 5_000 }, (_, place) => `reader-${place}@example.org`)
  const files = [people, people.toReversed()].map((order, place) => csv(`email\n${order.join('\n')}\n`, `${place}.csv`))
  const results = await Promise.all(files.map((file) => importSubscribers(services, file, ACTIVE)))
  expect(results.map(({ added }) => added).sort()).toEqual([0, 5_000])
})

describe('an import that stops in the middle', () => {
  const lines = Array.from({ length: 6500 }, (_, n) => `r${n}@example.org`)
  const stopping = {
    ...ACTIVE,
    onProgress: async (read: number) => {
      if (read > 2500) throw new Error('the connection ended')
    },
  }

  test('stores nothing, also not the chunk in progress', async ({ db }) => {
    await expect(importSubscribers(servicesOn(db), csv(`email\n${lines.join('\n')}\n`), stopping)).rejects.toThrow(
      'the connection ended',
    )
    expect(await db.$count(subscribers)).toBe(0)
  })

  test('stores nothing in a transaction that goes on', async ({ db }) => {
    const file = csv(`email\n${lines.join('\n')}\n`)
    await db.transaction(async (tx) => {
      await importSubscribers(servicesOn(tx as unknown as typeof db), file, stopping).catch(() => {})
      // Queued behind a chunk that is still being written, if there is one.
      await tx.execute(sql`SELECT`)
    })
    expect(await db.$count(subscribers)).toBe(0)
  })
})

for (const dryRun of [false, true])
  test(`readers whom an import leaves as they are can unsubscribe while it runs; a dry run: ${dryRun}`, async ({
    db,
  }) => {
    const services = servicesOn(db)
    const file = csv(`email\n${Array.from({ length: 4500 }, (_, n) => `r${n}@example.org`).join('\n')}\n`)
    await importSubscribers(services, file, ACTIVE)
    const [reader] = await all(services)
    const unsubscribed: boolean[] = []
    const onProgress = async (read: number) => {
      if (read < 4000) return
      await db.transaction(async (tx) => {
        await tx.execute(sql`SET LOCAL lock_timeout = '2s'`)
        unsubscribed.push(await unsubscribeReader({ ...services, db: tx }, reader!.id))
      })
    }
    await importSubscribers(services, file, { ...ACTIVE, dryRun, onProgress })
    expect(unsubscribed).toEqual([true, false])
  })

test('with --partial imports the good lines and names the bad ones', async ({ db }) => {
  const services = servicesOn(db)
  const file = csv(
    'email,zone,hour\nada@example.org,,\nnobody,,\nbob@example.org,Mars/Phobos,\neve@example.org,,25\nzoe@example.org,UTC,9\n',
  )
  await expect(importSubscribers(services, file, ACTIVE)).rejects.toMatchObject({ code: 'BAD_IMPORT' })
  expect(await db.$count(subscribers)).toBe(0)
  const result = await importSubscribers(services, file, { ...ACTIVE, partial: true })
  expect(result).toMatchObject({ read: 5, added: 2, bad: 3 })
  expect(result.problems.map((problem) => problem.slice(0, 6)).sort()).toEqual(['line 3', 'line 4', 'line 5'])
  expect((await all(services)).map((row) => row.email)).toEqual(['ada@example.org', 'zoe@example.org'])
})

test('a dry run counts the same and changes nothing', async ({ db }) => {
  const services = servicesOn(db)
  await addSubscriber(db, 'known@example.org')
  await addSubscriber(db, 'pending@example.org', { status: 'pending', nextDigestAt: null })
  await addSubscriber(db, 'left@example.org', { status: 'unsubscribed', nextDigestAt: null })
  const file = csv(
    'email\nknown@example.org\npending@example.org\nleft@example.org\nnew@example.org\nnew@example.org\n',
  )
  const before = await all(services)
  const counted = await importSubscribers(services, file, { ...ACTIVE, dryRun: true })
  expect(counted).toMatchObject({ read: 5, added: 1, activated: 1, unchanged: 2, refused: 1, bad: 0 })
  expect(await all(services)).toEqual(before)
  expect(await importSubscribers(services, file, ACTIVE)).toEqual(counted)
})

test('importing a file again changes nothing', async ({ db }) => {
  const clock = { now: NOON }
  const services = servicesOn(db, {}, clock)
  const file = csv(`email,hour\n${Array.from({ length: 4500 }, (_, n) => `r${n}@example.org,${n % 24}`).join('\n')}\n`)
  expect(await importSubscribers(services, file, ACTIVE)).toMatchObject({ read: 4500, added: 4500 })
  const before = await all(services)
  clock.now = new Date('2026-05-01T00:00:00Z')
  expect(await importSubscribers(services, file, ACTIVE)).toMatchObject({ added: 0, activated: 0, unchanged: 4500 })
  expect(await all(services)).toEqual(before)
})

test('a topic that no paper has is an error in a table of one’s own, and in an export one that is not a slug', async ({
  db,
}) => {
  const services = servicesOn(db)
  const own = csv('email,topics\nada@example.org,robotics\nbob@example.org,sparse-atention\n')
  await expect(importSubscribers(services, own, ACTIVE)).rejects.toThrow(/line 3: topic "sparse-atention"/)
  for (const text of ['Sparse attention', '注意力']) {
    const edited = csv(`email,topics,consent_form\nada@example.org,${text},web form\n`)
    await expect(importSubscribers(services, edited, ACTIVE)).rejects.toThrow(`line 2: topic "${text}"`)
  }
})

describe('an export', () => {
  test('imported elsewhere gives the same readers: exporting there gives the same bytes', async ({ db }) => {
    const here = servicesOn(db)
    const wishes = {
      topics: ['computer-vision', 'robotics'],
      keywords: ['=cmd|calc', 'tiny models', 'cats, dogs', '5" screens'],
      share: 'only',
      authors: ['Łukasz Kaiser', '-Ada'],
      organisations: ['Google, Inc.'],
      likePapers: ['2604.14000', 'hep-th/9901001'],
      locale: 'de',
      format: 'text',
    } as const
    await addSubscriber(db, 'Ada@example.org', {
      zone: 'Asia/Tokyo',
      hour: 7,
      cadence: 'weekdays',
      size: 5,
      likeVoted: true,
    })
    await addSubscriber(db, "o'hara+x@bücher.example", {
      ...wishes,
      topics: [...wishes.topics],
      keywords: [...wishes.keywords],
      authors: [...wishes.authors],
      organisations: [...wishes.organisations],
      likePapers: [...wishes.likePapers],
      hour: 0,
      cadence: 'weekly',
      weekday: 3,
      size: 20,
      pausedUntil: new Date('2026-06-01T00:00:00Z'),
    })
    await addSubscriber(db, "'=odd@example.org")
    await addSubscriber(db, 'left@example.org', { status: 'unsubscribed', nextDigestAt: null, leftAt: NOON })
    await addSubscriber(db, 'bounced@example.org', { status: 'bounced', nextDigestAt: null })
    await addSubscriber(db, 'gone@example.org', { status: 'erased', email: null, emailKey: null, nextDigestAt: null })
    await db.update(subscribers).set({ requestedAt: NOON, confirmedAt: NOON, consentForm: 'web form, 2026' })
    const there = servicesOn((await secondDatabase()).db)
    const file = await exported(here)
    expect(await importSubscribers(there, csv(file), ACTIVE)).toMatchObject({ read: 5, added: 3, remembered: 2 })
    expect(await exported(there)).toBe(file)
    const due = (rows: (typeof subscribers.$inferSelect)[]) => rows.map((row) => row.nextDigestAt !== null)
    expect(due(await all(there))).toEqual(due((await all(here)).filter((row) => row.email !== null)))
  })

  test('has no cell that a spreadsheet would run', async ({ db }) => {
    const services = servicesOn(db)
    for (const local of ['=1+1', '+tag', '-x', "'=x", '=HYPERLINK'])
      await addSubscriber(db, `${local}@example.org`, { keywords: [`=cmd|'/c calc'!A0`, '@SUM(A1)'] })
    const cells = (await exported(services))
      .split('\n')
      .slice(1, -1)
      .flatMap((line) => line.match(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)!)
    expect(cells.length).toBeGreaterThan(50)
    for (const cell of cells) expect(cell.replace(/^"/, '')).not.toMatch(/^[=+\-@\t\r]/)
  })

  test('comes in chunks, so that memory does not grow with the list', async ({ db }) => {
    await db.execute(sql`
      INSERT INTO subscribers (email, email_key, status, next_digest_at)
      SELECT 'r' || n || '@example.org', 'r' || n || '@example.org', 'active', now() FROM generate_series(1, 12000) AS n`)
    const chunks: string[] = []
    let seen = 0
    for await (const chunk of exportSubscribers({ db })) {
      chunks.push(chunk)
      seen += chunk.split('\n').length - 1
      if (seen === 5001) await db.execute(sql`DELETE FROM subscribers WHERE email = 'r12000@example.org'`)
    }
    expect(chunks.length).toBeGreaterThan(3)
    expect(seen, 'header and readers, without the one deleted while it ran').toBe(12_000)
    expect(new Set(chunks.join('').split('\n')).size).toBe(12_001)
  })
})
