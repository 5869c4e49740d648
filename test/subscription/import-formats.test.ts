import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import { afterAll, describe, expect } from 'vitest'
import { addressHash, parseAddress } from '../../src/mail/address.ts'
import type { Db } from '../../src/runtime/db/database.ts'
import { outbox, subscribers, suppressions } from '../../src/runtime/db/schema.ts'
import { type ImportOptions, importSubscribers } from '../../src/subscription/import.ts'
import { parseMapping } from '../../src/subscription/import-columns.ts'
import { importSuppressions } from '../../src/suppression/exchange.ts'
import { test } from '../support/database.ts'
import { addPapers, addSubscriber, NOON, servicesOn, testConfig } from '../support/services.ts'

const folder = mkdtempSync(join(tmpdir(), 'paperboy-formats-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const FIXTURES = join(import.meta.dirname, '../fixtures/subscribers')
const fixture = (name: string): string => join(FIXTURES, name)
function csv(content: string | Buffer): string {
  const file = join(folder, 'readers.csv')
  writeFileSync(file, content)
  return file
}

const ACTIVE: ImportOptions = { active: true, attestedBy: 'the operator', dryRun: false }
const mapped = (...mappings: string[]): ImportOptions => ({ ...ACTIVE, mappings: mappings.map(parseMapping) })

/** The status of each address, in the order of the addresses. */
const statuses = async (db: Db): Promise<Record<string, string>> => {
  const rows = await db.select().from(subscribers).orderBy(subscribers.id)
  return Object.fromEntries(rows.map((row) => [row.email, row.status]))
}
const forget = (db: Db) => db.execute(sql`TRUNCATE subscribers, outbox, suppressions CASCADE`)
const refused =
  (file: string, words: RegExp, options = ACTIVE) =>
  async (db: Db) => {
    await expect(importSubscribers(servicesOn(db), file, options)).rejects.toMatchObject({
      code: 'BAD_IMPORT',
      message: expect.stringMatching(words),
    })
    expect(await db.$count(subscribers)).toBe(0)
  }

/** The result of each file with --active. */
const RESULTS: Record<string, Record<string, string>> = {
  'ghost.csv': { 'gh@example.org': 'active', 'ghleft@example.org': 'unsubscribed' },
  'ghost_opted_out.csv': { 'ana.gh@example.org': 'unsubscribed', 'bob.gh@example.org': 'active' },
  'substack.csv': { 'sue@example.org': 'active', 'off@example.org': 'unsubscribed' },
  'substack_opted_out.csv': { 'ana.ss@example.org': 'unsubscribed', 'bob.ss@example.org': 'active' },
  'buttondown.csv': {
    'bd@example.org': 'active',
    'bdleft@example.org': 'unsubscribed',
    'bdun@example.org': 'pending',
    'bdund@example.org': 'bounced',
    'bdspam@example.org': 'complained',
  },
  'beehiiv.csv': {
    'bee@example.org': 'active',
    'beeoff@example.org': 'unsubscribed',
    'beepend@example.org': 'pending',
    'beeinv@example.org': 'bounced',
  },
  'keila.csv': { 'ke@example.org': 'active', 'kel@example.org': 'unsubscribed', 'keu@example.org': 'bounced' },
  'listmonk.csv': {
    'lm@example.org': 'active',
    'lmblock@example.org': 'unsubscribed',
    'lmdis@example.org': 'unsubscribed',
  },
  'mailchimp_subscribed.csv': { 'ada@example.org': 'active', 'grace@example.org': 'active' },
  'mailchimp_unsubscribed.csv': { 'left@example.org': 'unsubscribed' },
  'mailchimp_cleaned.csv': { 'dead@example.org': 'bounced' },
  'plunk.csv': { 'pl@example.org': 'active', 'plleft@example.org': 'unsubscribed' },
  'excel_semicolon.csv': { 'semi@example.org': 'active' },
  'excel_sep.csv': { 'sep@example.org': 'active' },
  'semicolon.csv': { 'ana.semi@example.org': 'active', 'bob.semi@example.org': 'active' },
  'utf16.csv': { 'bom@example.org': 'active' },
  'windows1252.csv': { 'jörg@example.org': 'active', 'mia@example.org': 'active' },
}
const PARTIAL: Record<string, { good: string[]; problem: RegExp }> = {
  'partial_long.csv': { good: ['ok1', 'ok2'], problem: /^line 3: has 3 cells, and the first line has 2/ },
  'partial_short.csv': { good: ['ok5', 'ok7'], problem: /^line 3: has 2 cells, and the first line has 3/ },
  'partial_quote.csv': { good: ['ok3', 'ok4'], problem: /^line 3: has a quote/ },
}

describe('the export of each tool', () => {
  test('is present, each with its result', () => {
    expect(readdirSync(FIXTURES).sort()).toEqual([...Object.keys(RESULTS), ...Object.keys(PARTIAL)].sort())
  })

  for (const [name, people] of Object.entries(RESULTS)) {
    test(`${name}: people keep their status`, async ({ db }) => {
      const services = servicesOn(db)
      const readable = Object.values(people).filter((status) => status === 'active' || status === 'pending').length
      const result = await importSubscribers(services, fixture(name), ACTIVE)
      const pending = Object.values(people).filter((status) => status === 'pending').length
      expect(result).toMatchObject({
        added: readable,
        asked: pending,
        remembered: Object.keys(people).length - readable,
      })
      expect(await statuses(db)).toEqual(people)
      expect(await db.$count(outbox)).toBe(pending)
      const stopped = Object.values(people).filter((status) => status === 'bounced' || status === 'complained').length
      expect(await db.$count(suppressions)).toBe(stopped)
    })
  }

  test('gives the times of consent and of unsubscribing', async ({ db }) => {
    const services = servicesOn(db)
    const dates: [file: string, email: string, confirmedAt: string | null, leftAt: string | null][] = [
      ['mailchimp_subscribed.csv', 'ada@example.org', '2024-01-02T10:12:00.000Z', null],
      ['mailchimp_unsubscribed.csv', 'left@example.org', '2024-01-02T10:12:00.000Z', '2025-03-03T09:00:00.000Z'],
      ['keila.csv', 'ke@example.org', '2024-01-01T00:00:00.000Z', null],
      ['beehiiv.csv', 'bee@example.org', '2024-06-01T10:00:00.000Z', null],
      ['substack.csv', 'sue@example.org', '2024-05-05T10:00:00.000Z', null],
      ['listmonk.csv', 'lm@example.org', '2024-06-01T00:00:00.123Z', null],
      ['buttondown.csv', 'bdleft@example.org', null, '2025-01-01T00:00:00.000Z'],
    ]
    for (const [file, email, confirmedAt, leftAt] of dates) {
      await forget(db)
      await importSubscribers(services, fixture(file), ACTIVE)
      const row = (await db.select().from(subscribers)).find((each) => each.email === email)!
      expect([row.confirmedAt?.toISOString() ?? null, row.leftAt?.toISOString() ?? null], file).toEqual([
        confirmedAt,
        leftAt,
      ])
    }
  })

  test('turns matching tags into topics and counts the others', async ({ db }) => {
    const services = servicesOn(db)
    await addPapers(db, '2026-04-14', 1)
    await db.execute(sql`UPDATE papers SET topics = '{biology,lab}'`)
    const topicsOf = async (file: string) => {
      await forget(db)
      const { unknownTags } = await importSubscribers(services, fixture(file), ACTIVE)
      const [row] = await db.select().from(subscribers).orderBy(subscribers.id)
      return { topics: row!.topics, unknownTags }
    }
    expect(await topicsOf('mailchimp_subscribed.csv')).toEqual({ topics: ['biology', 'lab'], unknownTags: {} })
    expect(await topicsOf('ghost.csv')).toEqual({ topics: ['biology', 'lab'], unknownTags: {} })
    expect(await topicsOf('buttondown.csv')).toEqual({ topics: ['lab'], unknownTags: { bio: 1 } })
  })

  test('a dry run lists how each column is read and which are ignored', async ({ db }) => {
    const result = await importSubscribers(servicesOn(db), fixture('ghost.csv'), { ...ACTIVE, dryRun: true })
    expect(result.columns.map(({ name, meaning, by }) => `${name}: ${meaning} (${by})`)).toEqual([
      'id: ignore (Ghost, Buttondown, Plunk)',
      'email: email (Paperboy)',
      'name: ignore (Ghost)',
      'note: ignore (Ghost)',
      'subscribed_to_emails: subscribed (Ghost)',
      'complimentary_plan: ignore (Ghost)',
      'stripe_customer_id: ignore (Ghost)',
      'created_at: requested_at (Ghost, Substack, listmonk, beehiiv, Keila, Plunk)',
      'deleted_at: unsubscribed (Ghost)',
      'labels: tags (Ghost)',
      'tiers: ignore (Ghost)',
    ])
    expect(await db.$count(subscribers)).toBe(0)
  })
})

describe('an unknown column about consent stops the import and is named', () => {
  const headers = [
    ...['Opt-in level', 'GDPR consent', 'newsletter', 'email_status_2', 'Hard bounces', 'is_blocked', 'opt'],
    ...['Accepts email', 'Wants news', 'Stop Time', 'Email preference', 'Zustimmung', 'Ausgetragen am', 'Aktiv'],
    ...['Actif', 'Refus', 'Acepta', 'Rechazado', '订阅', '是否同意'],
  ]
  for (const header of headers) {
    test(header, async ({ db }) => {
      const file = csv(`email,${header}\nada@example.org,2\n`)
      const words = new RegExp(`"${header}".*--map "${header}=MEANING"`)
      await refused(file, words)(db)
      await refused(file, words, { ...ACTIVE, partial: true })(db)
      await importSubscribers(servicesOn(db), file, mapped(`${header}=ignore`))
      expect(await statuses(db)).toEqual({ 'ada@example.org': 'active' })
    })
  }

  const values: [header: string, value: string][] = [
    ['status', 'VIP'],
    ['status', ''],
    ['subscribed_to_emails', ''],
    ['email_disabled', 'perhaps'],
    ['Type', 'churned'],
    ['group', 'Unsubscribed'],
    ['note', 'unsubscribed'],
    ['Tags', 'Opted out'],
    ['Bemerkung', 'abgemeldet'],
    ['备注', '已退订'],
  ]
  for (const [header, value] of values) {
    test(`the value "${value}" of ${header}`, async ({ db }) => {
      const file = csv(`email,${header}\nada@example.org,${value}\n`)
      await refused(file, new RegExp(`"${header}" has "${value}" in line 2: --map "${header}`))(db)
      await refused(file, new RegExp(`"${header}"`), { ...ACTIVE, partial: true })(db)
      await importSubscribers(servicesOn(db), file, mapped(`${header}:${value}=pending`))
      expect(await statuses(db)).toEqual({ 'ada@example.org': 'pending' })
    })
  }

  test('but not the words beside an opt-out', async ({ db }) => {
    const file = csv('email,type,unsubscription_reason,note\nada@example.org,unsubscribed,opt-out,do not email\n')
    await importSubscribers(servicesOn(db), file, ACTIVE)
    expect(await statuses(db)).toEqual({ 'ada@example.org': 'unsubscribed' })
  })

  test('--map sets the meaning of columns', async ({ db }) => {
    const file = csv('Contact;Mails ok?;Opted in\na@example.org;yes;2024-05-01\nb@example.org;no;\n')
    await refused(file, /no column "email".*"Contact"/)(db)
    const options = mapped('contact=email', 'Mails ok?=subscribed', 'Opted in=confirmed_at')
    const { columns } = await importSubscribers(servicesOn(db), file, options)
    expect(columns.every(({ by }) => by === '--map')).toBe(true)
    expect(await statuses(db)).toEqual({ 'a@example.org': 'active', 'b@example.org': 'unsubscribed' })
  })

  test.for([
    'ada@example.org\nbob@example.org\n',
    'Ada Lovelace;ada@example.org;active\n',
    '"Ada <ada@example.org>",active\n',
  ])('a file without a line of names says so, and no error quotes its first line: %j', async (text, { db }) => {
    for (const options of [ACTIVE, mapped('mail=email')]) {
      const failed = await importSubscribers(servicesOn(db), csv(text), options).catch((error: Error) => error)
      expect(failed).toMatchObject({ code: 'BAD_IMPORT', message: expect.stringContaining('its first line has data') })
      expect((failed as Error).message).not.toMatch(/ada|lovelace/i)
    }
  })

  test('refuses a --map that matches nothing', async ({ db }) => {
    const file = csv('email,status\nada@example.org,active\n')
    await refused(file, /"nothing" that it does not have/, mapped('nothing=ignore'))(db)
    await refused(file, /column cannot mean "active".*"status:VALUE=active"/, mapped('status=active'))(db)
    await refused(file, /value cannot mean "zone"/, mapped('status:x=zone'))(db)
    expect(() => parseMapping('status=nonsense')).toThrow(/MEANING is one of/)
    expect(() => parseMapping('status')).toThrow(/COLUMN=MEANING/)
  })
})

describe('--partial skips every kind of bad line and names each', () => {
  for (const [name, { good, problem }] of Object.entries(PARTIAL)) {
    test(name, async ({ db }) => {
      await refused(fixture(name), /line 3/)(db)
      const result = await importSubscribers(servicesOn(db), fixture(name), { ...ACTIVE, partial: true })
      expect(result).toMatchObject({ read: 3, added: 2, bad: 1, problems: [expect.stringMatching(problem)] })
      expect(Object.keys(await statuses(db))).toEqual(good.map((local) => `${local}.part@example.org`))
    })
  }

  const lines = (bad: string[]) =>
    Buffer.from(['email,name', 'a@example.org,A', ...bad, 'z@example.org,"Zoë ""Z""\n2"', ''].join('\n'))
  const cases: [name: string, bad: string[], problems: RegExp[]][] = [
    ['an unclosed quote', ['b@example.org,"Bob', 'c@example.org,C'], [/^line 3: has a quote/]],
    ['a quote inside', ['b@example.org,5" x', 'c@example.org,C'], [/^line 3: has a quote/]],
    ['two of them', ['b@example.org,5" x', 'c@example.org,C', 'd@example.org,6" x'], [/^line 3: /, /^line 5: /]],
    ['text after a quote', ['"b"@example.org,"B"x', 'c@example.org,C'], [/^line 3: has a quote/]],
    ['too many and too few', ['b@example.org,B,B', 'b@example.org', 'c@example.org,C'], [/^line 3: /, /^line 4: /]],
    ['an endless line', [`b@example.org,${'x'.repeat(200_000)}`, 'c@example.org,C'], [/^line 3: is longer/]],
  ]
  for (const [name, bad, problems] of cases) {
    test(name, async ({ db }) => {
      const result = await importSubscribers(servicesOn(db), csv(lines(bad)), { ...ACTIVE, partial: true })
      expect(result.problems).toEqual(problems.map((problem) => expect.stringMatching(problem)))
      expect(Object.keys(await statuses(db))).toEqual(['a@example.org', 'c@example.org', 'z@example.org'])
    })
  }

  test('a line in another encoding', async ({ db }) => {
    const file = csv(Buffer.concat([lines([]), Buffer.from('b@example.org,J\xf6rg\nc@example.org,C\n', 'latin1')]))
    const result = await importSubscribers(servicesOn(db), file, { ...ACTIVE, partial: true })
    expect(result.problems).toEqual([expect.stringMatching(/^line 5: has characters in another encoding/)])
    expect(result.added).toBe(3)
  })

  test('two stray quotes never hide the lines between them', async ({ db }) => {
    const file = csv('email,name\nb@example.org,"Bob\nc@example.org,C\nd@example.org,D"\ne@example.org,E\n')
    await refused(file, /line 4: belongs to a quoted cell that begins in line 2/)(db)
    const adjacent = csv('email,name\nb@example.org,"Bob\nc@example.org,C"\ne@example.org,E\n')
    await refused(adjacent, /line 3: belongs to a quoted cell that begins in line 2/)(db)
  })
})

describe('--partial never activates a person whose bad line says or may say otherwise', () => {
  const HEADER = 'email,status,zone,hour,locale,left_at'
  const GOOD = 'ada@example.org,active,,,,'
  const cases: [name: string, bad: string, status: string][] = [
    ['an unknown zone', 'ada@example.org,unsubscribed,Mars/Phobos,,,', 'unsubscribed'],
    ['a zone with an invalid character', 'ada@example.org,bounced,a\0b,,,', 'bounced'],
    ['a bad hour', 'ADA@example.org,complained,,25,,', 'complained'],
    ['a language that is not supported', 'ada@example.org,unsubscribed,,,xx,', 'unsubscribed'],
    ['a time of leaving that cannot be read', 'ada@example.org,active,,,,last spring', 'unsubscribed'],
    ['a pending sign-up', 'ada@example.org,pending,Mars/Phobos,,,', 'pending'],
    ['a pending sign-up with a bad hour', 'ada@example.org,pending,,25,,', 'pending'],
    ['too few cells', 'ada@example.org,unsubscribed', 'pending'],
    ['a stray quote', 'ada@example.org,unsubscribed,5" x,,,', 'pending'],
    ['nothing against it: active in both', 'ada@example.org,active,Mars/Phobos,,,', 'active'],
  ]
  for (const [name, bad, status] of cases) {
    test(name, async ({ db }) => {
      for (const [n, lines] of [
        [bad, GOOD],
        [GOOD, bad],
      ].entries()) {
        const who = (line: string) => line.replace(/ada/i, `ada-${n}`)
        const file = csv(Buffer.from([HEADER, ...lines.map(who), ''].join('\n')))
        const result = await importSubscribers(servicesOn(db), file, { ...ACTIVE, partial: true })
        expect(result).toMatchObject({ read: 2, bad: 1, problems: [expect.stringMatching(/^line [23]: /)] })
        expect(await statuses(db)).toMatchObject({ [`ada-${n}@example.org`]: status })
      }
      expect(await db.$count(outbox)).toBe(status === 'pending' ? 2 : 0)
    })
  }

  test('an opt-out is remembered although no other line has the person', async ({ db }) => {
    const file = csv(`${HEADER}\nada@example.org,unsubscribed,Mars/Phobos,,,\neve@example.org,pending,Mars/Phobos,,,\n`)
    const result = await importSubscribers(servicesOn(db), file, { ...ACTIVE, partial: true })
    expect(result).toMatchObject({ added: 0, remembered: 0, bad: 2 })
    expect(result.problems[0]).toMatch(/^line 2: time zone .* Only its opt-out is kept\.$/)
    expect(await statuses(db)).toEqual({ 'ada@example.org': 'unsubscribed' })
  })

  test('each line counts once, also one whose opt-out is kept', async ({ db }) => {
    const lines = [
      'ada@example.org,unsubscribed,Mars/Phobos,,,', // remembered, although bad
      'ada@example.org,unsubscribed,,25,,', // the same person again
      'bob@example.org,active,,,,',
      'bob@example.org,bounced,,,xx,',
      'eve@example.org,unsubscribed,,,,',
      'zoe@example.org,active,,,,',
      'kim@example.org,active,Mars/Phobos,,,',
    ]
    await addSubscriber(db, 'known@example.org')
    const file = csv([HEADER, ...lines, 'known@example.org,complained,,25,,', ''].join('\n'))
    const result = await importSubscribers(servicesOn(db), file, { ...ACTIVE, partial: true })
    const { read, added, activated, unchanged, remembered, refused, bad } = result
    expect(result).toMatchObject({ read: 8, added: 1, remembered: 1, bad: 5 })
    expect(added + activated + unchanged + remembered + refused + bad).toBe(read)
  })

  test('an unknown word about consent stops the import, also on a line that is bad otherwise', async ({ db }) => {
    const file = `${HEADER}\nada@example.org,gone fishing,,25,,\n${GOOD}\n`
    await refused(csv(file), /"gone fishing"/, { ...ACTIVE, partial: true })(db)
  })

  test('readers who were active before stay active', async ({ db }) => {
    await addSubscriber(db, 'ada@example.org')
    await importSubscribers(servicesOn(db), csv(`${HEADER}\nada@example.org,active\n`), { ...ACTIVE, partial: true })
    expect(await statuses(db)).toEqual({ 'ada@example.org': 'active' })
  })
})

describe('reads a table from anywhere', () => {
  const text = 'Email Address\tName\nada@example.org\tZoë\n'
  const files: Record<string, string | Buffer> = {
    'UTF-16 with big ends first': Buffer.from(`\uFEFF${text}`, 'utf16le').swap16(),
    // Hardly any zero bytes: only the mark says what it is.
    'UTF-16 with a mark, of few Latin letters': Buffer.from(
      `\uFEFF${'姓名'.repeat(60)}\tEmail\nZoë\tada@example.org\n`,
      'utf16le',
    ),
    'UTF-16 without a mark': Buffer.from(text, 'utf16le'),
    'UTF-8 with a mark and old line ends': `\uFEFF${text.replaceAll('\n', '\r')}`,
    'a quoted sep= line': `"sep=\t"\r\n${text}`,
    'empty lines first': `\n\n${text}`,
    'a header over two lines': 'email,"Name\nin full"\nada@example.org,Ada\n',
    'invisible marks around the address': 'email\n\u200Bada@example.org\u200B\n',
  }
  for (const [name, content] of Object.entries(files)) {
    test(name, async ({ db }) => {
      await importSubscribers(servicesOn(db), csv(content), ACTIVE)
      expect(await statuses(db)).toEqual({ 'ada@example.org': 'active' })
    })
  }

  test('topics in a cell are separated by commas or semicolons, and an unknown one is an error', async ({ db }) => {
    const services = servicesOn(db)
    const file = csv(
      'email,topics\na@example.org,"computer-vision,robotics"\nb@example.org,Computer vision; Robotics\n',
    )
    await importSubscribers(services, file, ACTIVE)
    const rows = await db.select().from(subscribers)
    expect(rows.map(({ topics }) => topics)).toEqual([
      ['computer-vision', 'robotics'],
      ['computer-vision', 'robotics'],
    ])
    await forget(db)
    await refused(
      csv('email,topics\na@example.org,"robotics, nonsense"\n'),
      /line 2: topic "nonsense" is not known/,
    )(db)
  })

  test('so are keywords, and one with a separator stands in quotes', async ({ db }) => {
    const file = csv('email,keywords\na@example.org,"tiny models, robots;""cats, dogs"""\n')
    await importSubscribers(servicesOn(db), file, ACTIVE)
    expect((await db.select().from(subscribers))[0]!.keywords).toEqual(['tiny models', 'robots', 'cats, dogs'])
  })

  test('also for suppressions', async ({ db }) => {
    const services = servicesOn(db)
    expect(await importSuppressions(services, fixture('mailchimp_cleaned.csv'))).toMatchObject({ added: 1 })
    expect(await importSuppressions(services, fixture('utf16.csv'))).toMatchObject({ added: 1 })
    expect(await importSuppressions(services, csv('email\njosé@example.org\n'))).toMatchObject({ added: 1 })
  })
})

describe('no import activates a person who opted out', () => {
  /** One line of each format for a subscriber, and for a person who opted out. */
  const FORMATS: Record<string, { header: string; yes: string[]; no: string[] }> = {
    Ghost: {
      header: 'email,subscribed_to_emails,deleted_at',
      yes: ['true,', 'TRUE,'],
      no: ['false,', 'False,', 'true,2024-01-01T00:00:00.000Z'],
    },
    Substack: { header: 'email,email_disabled,digest_enabled', yes: ['false,true'], no: ['true,true', 'TRUE,false'] },
    Buttondown: {
      header: 'email_address,type,unsubscription_date',
      yes: ['regular,', 'premium,'],
      no: ['unsubscribed,', 'complained,', 'undeliverable,', 'removed,', 'regular,2025-01-01T00:00:00Z'],
    },
    listmonk: { header: 'email,status', yes: ['enabled'], no: ['blocklisted', 'disabled', 'Disabled'] },
    beehiiv: { header: 'Email,Status', yes: ['Active', 'active'], no: ['Inactive', 'INVALID', 'invalid'] },
    Keila: { header: 'Email,Status', yes: ['active'], no: ['unsubscribed', 'unreachable'] },
    Plunk: { header: 'email,subscribed', yes: ['true'], no: ['false'] },
    'Mailchimp, unsubscribed': { header: 'Email Address,UNSUB_TIME', yes: [], no: ['2025-03-03 09:00:00', ''] },
    'Mailchimp, cleaned': { header: 'Email Address,CLEAN_TIME', yes: [], no: ['2025-03-03 09:00:00', ''] },
    'Mailchimp, subscribed': { header: 'Email Address,OPTIN_TIME', yes: ['2025-03-03 09:00:00', ''], no: [] },
    Paperboy: {
      header: 'email,status,left_at',
      yes: ['active,'],
      no: ['unsubscribed,', 'bounced,', 'complained,', 'active,2025-03-03T09:00:00Z'],
    },
  }
  const NAMES = ['a', 'b', 'c', 'Ada', 'ADA', 'jos\u00E9', 'jose\u0301']
  const HERE = ['none', 'pending', 'unsubscribed', 'bounced', 'complained', 'suppressed'] as const

  test('in any order, format and spelling of the files', async ({ db }) => {
    const services = servicesOn(db)
    const keyOf = (name: string) => parseAddress(`${name}@example.org`, { utf8: true }).key
    const line = fc.record({ name: fc.constantFrom(...NAMES), says: fc.boolean(), pick: fc.nat() })
    const file = fc.record({
      format: fc.constantFrom(...Object.keys(FORMATS)),
      lines: fc.array(line, { minLength: 1, maxLength: 6 }),
      active: fc.boolean(),
    })
    const here = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'ada'), fc.constantFrom(...HERE)), { maxLength: 3 })
    const property = fc.asyncProperty(here, fc.array(file, { minLength: 1, maxLength: 4 }), async (known, files) => {
      await forget(db)
      const saidNo = new Set<string>()
      for (const [name, status] of new Map(known)) {
        const key = keyOf(name)
        if (status === 'suppressed') {
          const hash = addressHash(testConfig().SUPPRESSION_KEY, key)
          await db.insert(suppressions).values({ addressHash: hash, reason: 'manual' })
        } else if (status !== 'none') await addSubscriber(db, key, { status, nextDigestAt: null })
        if (status !== 'none' && status !== 'pending') saidNo.add(key)
      }
      for (const { format, lines, active } of files) {
        const { header, yes, no } = FORMATS[format]!
        const rows = lines.map(({ name, says, pick }) => {
          const cells = (says && yes.length > 0) || no.length === 0 ? yes : no
          if (cells === no) saidNo.add(keyOf(name))
          return `${name}@example.org,${cells[pick % cells.length]}`
        })
        await importSubscribers(services, csv(`${[header, ...rows].join('\n')}\n`), { ...ACTIVE, active })
        for (const row of await db.select().from(subscribers))
          if (saidNo.has(row.emailKey!)) expect(row.status, `${row.email} after ${format}`).not.toBe('active')
      }
      // No confirmation email is queued for a person who opted out.
      const { rows: asked } = await db.execute<{ email_key: string }>(
        sql`SELECT s.email_key FROM outbox o JOIN subscribers s ON s.id = o.subscriber_id WHERE o.state = 'queued'`,
      )
      for (const { email_key } of asked) expect(saidNo.has(email_key)).toBe(false)
    })
    await fc.assert(property, { numRuns: 60 })
  })

  test('when the two lines of one person are thousands of lines apart', async ({ db }) => {
    const services = servicesOn(db)
    const between = Array.from({ length: 2500 }, (_, n) => `r${n}@example.org,active`)
    const file = (...ends: [string, string]) => csv(['email,status', ends[0], ...between, ends[1], ''].join('\n'))
    const one = async () => (await statuses(db))['x@example.org']
    for (const ends of [
      ['x@example.org,active', 'X@example.org,unsubscribed'],
      ['x@example.org,unsubscribed', 'X@example.org,active'],
    ] as [string, string][]) {
      await forget(db)
      await addSubscriber(db, 'x@example.org', { status: 'pending', nextDigestAt: null, consentForm: 'web form' })
      await importSubscribers(services, file(...ends), ACTIVE)
      expect(await one()).toBe('unsubscribed')
    }
    for (const ends of [
      ['x@example.org,pending', 'x@example.org,active'],
      ['x@example.org,active', 'x@example.org,pending'],
    ] as [string, string][]) {
      await forget(db)
      const result = await importSubscribers(services, file(...ends), ACTIVE)
      expect(await one()).toBe('pending')
      expect(result).toMatchObject({ read: 2502, asked: 1, activated: 0 })
      const emails = await db.select({ kind: outbox.kind, dueAt: outbox.dueAt }).from(outbox)
      expect(emails).toEqual([{ kind: 'confirm', dueAt: NOON }])
    }
  })

  test('a spam report in a later file outweighs an unsubscribe or a bounce in an earlier one', async ({ db }) => {
    const services = servicesOn(db)
    const file = (...lines: string[]) => csv(['email,status,left_at', ...lines, ''].join('\n'))
    await importSubscribers(services, file('a@example.org,unsubscribed,2025-03-03', 'b@example.org,bounced,'), ACTIVE)
    await addSubscriber(db, 'own@example.org', { status: 'unsubscribed', firstConfirmedAt: NOON, leftAt: NOON })
    const names = ['a', 'b', 'own']
    await importSubscribers(services, file(...names.map((name) => `${name}@example.org,spam,`)), ACTIVE)
    const after = { 'a@example.org': 'complained', 'b@example.org': 'complained', 'own@example.org': 'unsubscribed' }
    expect(await statuses(db)).toEqual(after)
    const [a] = await db.select().from(subscribers).orderBy(subscribers.emailKey)
    expect(a!.leftAt).toEqual(new Date('2025-03-03T00:00:00Z'))
    expect((await db.select().from(suppressions)).map(({ reason }) => reason)).toEqual(['complaint', 'complaint'])
    // Nor does an earlier file take it back.
    await importSubscribers(services, file(...names.map((name) => `${name}@example.org,unsubscribed,`)), ACTIVE)
    expect(await statuses(db)).toEqual(after)
  })

  test('a later export of the list ends subscriptions it began, but not those confirmed here', async ({ db }) => {
    const services = servicesOn(db)
    await addSubscriber(db, 'own@example.org', { confirmedAt: NOON, firstConfirmedAt: NOON })
    const file = (word: string) => csv(`email,status\nown@example.org,${word}\nimported@example.org,${word}\n`)
    await importSubscribers(services, file('active'), ACTIVE)
    expect(await importSubscribers(services, file('unsubscribed'), ACTIVE)).toMatchObject({
      remembered: 1,
      unchanged: 1,
    })
    expect(await statuses(db)).toEqual({ 'own@example.org': 'active', 'imported@example.org': 'unsubscribed' })
    await importSubscribers(services, file('active'), ACTIVE)
    expect(await statuses(db)).toEqual({ 'own@example.org': 'active', 'imported@example.org': 'unsubscribed' })
  })

  test('an erased address stays out, also as unsubscribed', async ({ db }) => {
    const hash = addressHash(testConfig().SUPPRESSION_KEY, 'gone@example.org')
    await db.insert(suppressions).values({ addressHash: hash, reason: 'erasure' })
    for (const status of ['active', 'pending', 'unsubscribed', 'bounced'])
      await importSubscribers(servicesOn(db), csv(`email,status\ngone@example.org,${status}\n`), ACTIVE)
    expect(await db.$count(subscribers)).toBe(0)
  })
})
