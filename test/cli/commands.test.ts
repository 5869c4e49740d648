import { generateKeyPairSync } from 'node:crypto'
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eq, sql } from 'drizzle-orm'
import { simpleParser } from 'mailparser'
import { afterAll, describe, expect, onTestFinished } from 'vitest'
import { BY_OPERATOR, whyHalted } from '../../src/delivery/ledger/restore-guard.ts'
import type { Db } from '../../src/runtime/db/database.ts'
import {
  auditLog,
  buckets,
  editionPapers,
  editions,
  papers,
  picks,
  relayRests,
  subscribers,
  suppressions,
} from '../../src/runtime/db/schema.ts'
import { test } from '../support/database.ts'
import { sinkThat } from '../support/sending.ts'
import { addPapers, addReaders, addSubscriber } from '../support/services.ts'
import { smtpReply } from '../support/sink.ts'
import { folder, paperboy as runCommand } from './paperboy.ts'

/** Runs the CLI as a shell does. Exit 0: done, 1: failed, 2: wrong usage. The result is on stdout, the rest on stderr. */

async function paperboy(...args: Parameters<typeof runCommand>) {
  const ended = await runCommand(...args)
  expect(ended.stderr, 'no stack trace, whatever happens').not.toMatch(/^\s+at .*:\d+:\d+/m)
  return ended
}

/** Files for `papers import`: a good list, and one with bad records. */
const PLAIN = Array.from({ length: 6 }, (_, n) => ({
  title: `A Paper of Its Own, Number ${n + 1}`,
  abstract: 'We show something. It works.',
  authors: ['Ada Lovelace'],
}))
const file = (name: string, content: unknown) => {
  const path = join(folder, name)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}
const DATE = ['--date', '2026-04-14']

describe('wrong usage is exit 2, with a hint', () => {
  const wrong = [
    ['frobnicate'],
    ['edition'],
    ['edition', 'assemble'],
    ['edition', 'assemble', '--date', '2026-02-30'],
    ['edition', 'release', ...DATE, '--kind', 'monthly'],
    ['edition', 'preview', ...DATE, '--frobnicate'],
    ['papers', 'import'],
    ['papers', 'remove'],
    ['papers', 'remove', '2604.14001', ...DATE],
    ['api-key', 'revoke', 'abc'],
    ['api-key', 'create', ' ', '--scopes', 'read'],
    ['api-key', 'create', 'x'.repeat(101), '--scopes', 'read'],
    ['subscribers', 'list', '--topic', 'x'.repeat(61)],
    ['subscribers', 'export', '--domain', `${'x'.repeat(250)}.org`],
  ]
  for (const args of wrong) {
    test(`paperboy ${args.join(' ').slice(0, 80)}`, async () => {
      const { code, stdout, stderr } = await paperboy(args)
      expect([code, stdout]).toEqual([2, ''])
      expect(stderr).toMatch(/error:|Usage:/)
    })
  }
})

test('options that exclude each other, or need another, are wrong usage that names both', async () => {
  const cases: [args: string[], named: string[]][] = [
    [
      ['papers', 'collect', ...DATE, '--week', '2026-W11'],
      ['--week', '--date'],
    ],
    [
      ['papers', 'collect', '--month', '2026-03', ...DATE],
      ['--month', '--date'],
    ],
    [
      ['papers', 'collect', '--week', '2026-W11', '--month', '2026-03'],
      ['--week', '--month'],
    ],
    [
      ['inbound', '--classify', 'bounce.eml', '--envelope-to', 'b@example.org'],
      ['--classify', '--envelope-to'],
    ],
    [
      ['edition', 'pick', '2604.14001', '--kind', 'weekly'],
      ['--kind', '--date'],
    ],
    [
      ['resume', '--keep-editions'],
      ['--keep-editions', '--after-restore'],
    ],
  ]
  await Promise.all(
    cases.map(async ([args, named]) => {
      const { code, stdout, stderr } = await paperboy(args)
      expect([code, stdout], args.join(' ')).toEqual([2, ''])
      for (const option of named) expect(stderr).toContain(option)
    }),
  )
})

test('`help` of a command below a group is that command’s help', async () => {
  const helps = [[], ['edition'], ['edition', 'send']]
  await Promise.all(
    helps.map(async (names) => {
      const asked = await paperboy(['help', ...names])
      expect(asked).toEqual(await paperboy([...names, '--help']))
      expect(asked).toMatchObject({
        code: 0,
        stdout: expect.stringContaining(`Usage: ${['paperboy', ...names].join(' ')} `),
      })
    }),
  )
})

test('doctor reports problems with exit 1 and without secrets, even if nothing is reachable', async () => {
  const { code, stdout } = await paperboy(['doctor', '--json'], {
    DATABASE_URL: 'postgres://someone:secret@127.0.0.1:1/nothing',
  })
  expect(code).toBe(1)
  expect(stdout).not.toMatch(/secret|someone/)
  expect(JSON.parse(stdout)).toContainEqual({
    part: 'Database',
    state: 'error',
    message: 'cannot connect (ECONNREFUSED)',
    remedy: 'check DATABASE_URL',
  })
  expect((await paperboy(['doctor'])).stdout).toMatch(/^ERROR {2}Database .*ECONNREFUSED/m)
}, 20_000)

test('a command that misses its password for the database says so, and ends', async ({ databaseUrl }) => {
  const DATABASE_URL = databaseUrl.replace(/:[^:@]+@/, '@')
  const why = 'The database asks for a password, and DATABASE_URL has none. Add it, or set PGPASSWORD.'
  for (const args of [['migrate'], ['status'], ['backup', join(folder, 'no-password.sql.gz')]])
    expect(await paperboy(args, { DATABASE_URL })).toEqual({ code: 1, stdout: '', stderr: `paperboy: ${why}\n` })
  expect((await paperboy(['doctor'], { DATABASE_URL })).stdout).toContain(why)
}, 30_000)

const FULL_DISK = '/dev/full'

test.skipIf(!existsSync(FULL_DISK))('a result that cannot be written is exit 1, in words', async () => {
  const key = file('ed25519.pem', generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }))
  const env = { DKIM_DOMAIN: 'example.org', DKIM_SELECTOR: 'a', DKIM_PRIVATE_KEY_FILE: key }
  for (const args of [['dkim'], ['dkim', '--json'], ['--help']]) {
    const { code, stderr } = await paperboy(args, env, { stdout: FULL_DISK })
    expect([code, stderr]).toEqual([1, 'paperboy: ENOSPC: no space left on device, write (ENOSPC)\n'])
  }
})

test('a reader of the output that leaves early is no failure', async ({ db, databaseUrl }) => {
  await addReaders(db, 3_000)
  const { code, stderr } = await paperboy(['subscribers', 'export'], { DATABASE_URL: databaseUrl }, { lines: 1 })
  expect([code, stderr]).toEqual([0, ''])
  expect(await paperboy(['status', '--watch', '--json'], { DATABASE_URL: databaseUrl }, { lines: 1 })).toMatchObject({
    code: 0,
  })
}, 60_000)

test('a backup that its reader did not take whole is exit 1, in words', async ({ db, databaseUrl }) => {
  await addReaders(db, 3_000)
  const { code, stderr } = await paperboy(['backup', '-'], { DATABASE_URL: databaseUrl }, { lines: 1 })
  expect([code, stderr]).toEqual([1, 'paperboy: Standard output was closed before the backup was complete.\n'])
}, 60_000)

test('--help is exit 0 for every command, names the commands below it, and needs no database', async () => {
  const top = await paperboy(['--help'])
  expect(top.code).toBe(0)
  for (const name of ['migrate', 'doctor', 'status', 'papers', 'subscribers', 'edition'])
    expect(top.stdout).toContain(name)
  const below = {
    papers: ['collect', 'import'],
    subscribers: ['import', 'export'],
    edition: ['assemble', 'preview', 'send', 'hold', 'cancel'],
  }
  await Promise.all(
    Object.entries(below).map(async ([name, commands]) => {
      const { code, stdout } = await paperboy([name, '--help'])
      expect(code).toBe(0)
      for (const command of commands) expect(stdout).toContain(command)
      const own = await paperboy([name, commands.at(-1)!, '--help'])
      expect([own.code, own.stdout]).toEqual([0, expect.stringContaining('--json')])
    }),
  )
})

test('assemble reports held old news; resume ends a halt, and only --after-restore cancels editions', async ({
  db,
  databaseUrl,
}) => {
  const env = { DATABASE_URL: databaseUrl }
  await addPapers(db, '2026-04-14', 3)
  const { stdout } = await paperboy(['edition', 'assemble', ...DATE], env)
  expect(stdout).toContain(
    'released by hand: it is held, since two newer lists of working days have closed. To release it: ',
  )
  await paperboy(['halt'], env)
  expect(await paperboy(['resume', '--dry-run'], env)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('go with --after-restore'),
  })
  expect((await paperboy(['resume'], env)).stdout).toBe('Emails are sent again. No edition was cancelled.\n')
  await paperboy(['halt'], env)
  const listed = 'the daily edition of 2026-04-14 (draft)'
  const dry = await paperboy(['resume', '--after-restore', '--dry-run'], env)
  expect(dry.stdout).toBe(`Editions that would be cancelled: ${listed}.\n`)
  const stateNow = async () => (await db.select({ state: editions.state }).from(editions)).map(({ state }) => state)
  expect(await stateNow()).toEqual(['draft'])
  const { stdout: done, stderr } = await paperboy(['resume', '--after-restore'], env)
  expect(stderr).toContain(`Editions to cancel: ${listed}.`)
  expect(done).toMatch(/^Emails are sent again; 1 edition was cancelled\./)
  expect(await stateNow()).toEqual(['cancelled'])
  const log = (await db.select().from(auditLog).orderBy(auditLog.id)).map(({ action, target }) => `${action} ${target}`)
  expect(log.slice(-2)).toEqual(['cancelled the daily edition of 2026-04-14', 'resumed all mailing'])
}, 60_000)

test('commands enter the audit log, and `admin link` signs in without an email', async ({ db, databaseUrl }) => {
  const env = { DATABASE_URL: databaseUrl, ADMIN_EMAILS: 'curator@desk.example' }
  await addPapers(db, '2026-04-14', 3)
  const id = await addSubscriber(db, 'ada@example.org')
  for (const args of [
    ['edition', 'assemble', ...DATE],
    ['edition', 'hold', ...DATE],
    ['edition', 'hold', '--date', '2026-04-01'],
    ['edition', 'drop', '2604.14000'],
    ['subscribers', 'unsubscribe', 'ada@example.org'],
    ['halt'],
  ])
    await paperboy(args, env)
  const auditLines = (await db.select().from(auditLog).orderBy(auditLog.id)).map(
    ({ action, target }) => `${action} ${target}`,
  )
  expect(auditLines).toEqual([
    'assembled the daily edition of 2026-04-14',
    'held the daily edition of 2026-04-14',
    'dropped paper 2604.14000',
    `unsubscribed reader ${id}`,
    'halted all mailing',
  ])
  expect((await db.select().from(auditLog))[0]!.actor).toMatch(/^command line \(.+\)$/)
  const { stdout } = await paperboy(['admin', 'link', 'Curator@desk.example'], env)
  expect(stdout).toMatch(/^https:\/\/paperboy\.example\/admin\/sign-in\/[\w-]{35}\n$/)
  expect((await paperboy(['admin', 'link', 'nobody@desk.example'], env)).code).toBe(1)
  // The log names a signed-in admin by address, so it also says who made the link.
  const made = (await db.select().from(auditLog).orderBy(auditLog.id)).slice(auditLines.length)
  expect(made.map(({ actor, action, target }) => [actor.split(' (')[0], action, target])).toEqual([
    ['command line', 'made a sign-in link for', 'curator@desk.example'],
  ])
}, 60_000)

test('an import that cannot enter the audit log changes nothing', async ({ db, databaseUrl }) => {
  const env = { DATABASE_URL: databaseUrl }
  const path = file('people.csv', 'email\nada@example.org\n')
  const imports = ['subscribers', 'suppressions'].map((list) => [list, 'import', path])
  await db.execute(sql`ALTER TABLE audit_log ADD CONSTRAINT full_disk CHECK (false)`)
  for (const args of imports) expect((await paperboy(args, env)).code, args[0]).toBe(1)
  expect([await db.$count(subscribers), await db.$count(suppressions)]).toEqual([0, 0])
  await db.execute(sql`ALTER TABLE audit_log DROP CONSTRAINT full_disk`)
  for (const args of imports) expect((await paperboy(args, env)).code, args[0]).toBe(0)
  expect(await db.select().from(auditLog).orderBy(auditLog.id)).toMatchObject([
    { action: 'imported', target: '1 new reader' },
    { action: 'suppressed', target: '1 address' },
  ])
}, 60_000)

test('what gives out or changes data enters the audit log, and what changes nothing does not', async ({
  db,
  databaseUrl,
}) => {
  const plain = file('audited.json', PLAIN.slice(0, 1))
  const club = ['name = "Biology"', 'curator = "Rosa"', '[[sources]]', 'name = "club"', 'list = "audited.json"', '']
  const env = { DATABASE_URL: databaseUrl, NEWSLETTER_FILE: file('newsletter.toml', club.join('\n')) }
  const people = file('gone.csv', 'email,status\nada@example.org,unsubscribed\n')
  for (const args of [
    ['papers', 'import', plain, ...DATE],
    ['papers', 'import', plain, ...DATE],
    ['subscribers', 'import', people],
    ['subscribers', 'import', people],
    ['suppressions', 'add', 'bob@example.org'],
    ['suppressions', 'add', 'bob@example.org'],
    ['suppressions', 'import', file('same.csv', 'email\nbob@example.org\n')],
    ['subscribers', 'export'],
    ['subscribers', 'export', '--for', 'ghost', '--domain', 'lovelace.example'],
    ['suppressions', 'export'],
    ['papers', 'collect'],
    ['halt'],
    ['halt'],
    ['resume'],
    ['resume'],
  ])
    expect((await paperboy(args, env)).code, args.join(' ')).toBe(0)
  const log = (await db.select().from(auditLog).orderBy(auditLog.id)).map(({ action, target }) => `${action} ${target}`)
  expect(log).toEqual([
    'imported 1 new paper, 0 changed, 0 signals',
    'imported 1 opt-out',
    'suppressed an address',
    'exported all readers',
    'exported readers with status active and a domain',
    'exported all suppressions',
    expect.stringMatching(/^asked for a read of club, \d{4}-\d{2}-\d{2}$/),
    'halted all mailing',
    'resumed all mailing',
  ])
}, 120_000)

describe('a change that cannot enter the audit log is not made', () => {
  const unlogged = (db: Db) => db.execute(sql`ALTER TABLE audit_log ADD CONSTRAINT full_disk CHECK (false) NOT VALID`)

  test('by resume', async ({ db, databaseUrl }) => {
    const env = { DATABASE_URL: databaseUrl }
    await addPapers(db, '2026-04-14', 3)
    await paperboy(['edition', 'assemble', ...DATE], env)
    await paperboy(['halt'], env)
    await unlogged(db)
    for (const args of [['resume'], ['resume', '--after-restore']])
      expect(await paperboy(args, env)).toMatchObject({ code: 1, stderr: expect.stringContaining('full_disk') })
    expect(await whyHalted(db)).toMatchObject({ why: BY_OPERATOR })
    expect((await db.select().from(editions)).map(({ state }) => state)).toEqual(['draft'])
  }, 60_000)

  test('by assembling or importing papers', async ({ db, databaseUrl }) => {
    const env = { DATABASE_URL: databaseUrl }
    await addPapers(db, '2026-04-14', 3)
    await unlogged(db)
    for (const args of [
      ['edition', 'assemble', ...DATE],
      ['papers', 'import', file('unlogged.json', PLAIN), ...DATE],
    ])
      expect(await paperboy(args, env)).toMatchObject({ code: 1, stderr: expect.stringContaining('full_disk') })
    expect([await db.$count(editions), await db.$count(papers)]).toEqual([0, 3])
  }, 60_000)
})

const isRoot = process.getuid?.() === 0

test('the log of a command is on stderr: a warning is no part of a result', async ({ db, databaseUrl }) => {
  const TEMPLATES_DIR = mkdtempSync(join(tmpdir(), 'paperboy-templates-'))
  onTestFinished(() => rmSync(TEMPLATES_DIR, { recursive: true }))
  writeFileSync(join(TEMPLATES_DIR, 'digest.txt'), '<% if (')
  await addReaders(db, 1)
  const env = { DATABASE_URL: databaseUrl, TEMPLATES_DIR }
  const status = await paperboy(['status', '--json'], env)
  expect(status.stderr).toContain('a template cannot be used')
  expect(JSON.parse(status.stdout)).toMatchObject({ readers: { active: 1 } })
  const exported = await paperboy(['subscribers', 'export'], env)
  expect(exported.stdout).toMatch(/^\W?email,/)
}, 30_000)

describe('a file that cannot be read is named, with the cause', () => {
  const dir = mkdtempSync(join(tmpdir(), 'paperboy-files-'))
  afterAll(() => rmSync(dir, { recursive: true }))
  chmodSync(dir, 0o755)
  const secret = join(dir, 'secret.csv')
  writeFileSync(secret, 'email\n', { mode: 0o600 })
  const kinds = [
    [dir, 'is a folder; name a file.'],
    [join(dir, 'missing.csv'), 'does not exist.'],
    [join(secret, 'inside.csv'), 'does not exist: a part of its path is a file.'],
    ...(isRoot ? [[secret, 'cannot be opened: this user has no permission.'] as const] : []),
  ] as const
  const env = (databaseUrl: string) => {
    const DATA_DIR = mkdtempSync(join(tmpdir(), 'paperboy-data-'))
    onTestFinished(() => rmSync(DATA_DIR, { recursive: true }))
    if (isRoot) chownSync(DATA_DIR, 54_321, 54_321)
    return { DATABASE_URL: databaseUrl, DATA_DIR }
  }
  const commands = [['papers', 'import'], ['subscribers', 'import'], ['suppressions', 'import'], ['restore']]
  test.for([...commands, ['inbound', '--classify']])('by %j', { timeout: 60_000 }, async (command, { databaseUrl }) => {
    const own = env(databaseUrl)
    for (const [path, problem] of kinds) {
      const ended = await paperboy([...command, path], own, isRoot ? { uid: 54_321 } : {})
      expect(ended).toEqual({ code: 1, stdout: '', stderr: `paperboy: ${path} ${problem}\n` })
    }
  })

  test('by init and backup, before they ask or write', async ({ databaseUrl }) => {
    const own = env(databaseUrl)
    const user = isRoot ? { uid: 54_321 } : {}
    const inside = join(secret, 'inside')
    const missing = join(dir, 'missing', 'inside')
    const cases = [
      [['init', '--file', dir], 1, `paperboy: ${dir} is a folder; name a file.\n`],
      [['init', '--file', inside], 1, `paperboy: ${secret}/ does not exist: a part of its path is a file.\n`],
      [['init', '--file', missing], 1, `paperboy: ${join(dir, 'missing')}/ does not exist.\n`],
      [['backup', dir], 2, `error: ${dir} is not a file.`],
      [['backup', inside], 2, `error: the folder ${secret} does not exist.`],
      ...(isRoot
        ? ([
            [
              ['init', '--file', join(dir, 'new')],
              1,
              `paperboy: ${dir}/ cannot be opened: this user has no permission.\n`,
            ],
            [['backup', join(dir, 'new')], 1, `paperboy: ${dir} cannot be opened: this user has no permission.\n`],
          ] as const)
        : []),
    ] as const
    for (const [args, code, words] of cases) {
      const ended = await paperboy([...args], own, user)
      expect([ended.code, ended.stderr], args.join(' ')).toEqual([code, expect.stringContaining(words)])
    }
    expect(readdirSync(dir)).toEqual(['secret.csv'])
  }, 60_000)

  test('by a command that writes or configures', async ({ db, databaseUrl }) => {
    const own = env(databaseUrl)
    await addPapers(db, '2026-04-14', 3)
    await paperboy(['edition', 'assemble', ...DATE], own)
    const preview = await paperboy(['edition', 'preview', ...DATE, '--out', secret], own)
    expect(preview).toMatchObject({ code: 1, stderr: `paperboy: ${secret} is there already.\n` })
    const named = await paperboy(['status'], { ...own, NEWSLETTER_FILE: dir })
    expect(named.stderr).toContain(`- ${dir}: is a folder; name a file. NEWSLETTER_FILE names it\n`)
    expect((await paperboy(['inbound', '--classify', file('empty.eml', '')])).stderr).toContain('empty.eml is empty.')
  }, 60_000)
})

test.skipIf(!isRoot)(
  'a user without a name, as in a container, is known by its number',
  async ({ db, databaseUrl }) => {
    const uid = 54_321
    const DATA_DIR = mkdtempSync(join(tmpdir(), 'paperboy-unnamed-'))
    onTestFinished(() => rmSync(DATA_DIR, { recursive: true }))
    chownSync(DATA_DIR, uid, uid)
    const env = { DATABASE_URL: databaseUrl, DATA_DIR }
    const added = await paperboy(['subscribers', 'add', 'ada@example.org', '--active'], env, { uid })
    expect([added.code, added.stderr]).toEqual([0, ''])
    const halted = await paperboy(['halt'], env, { uid })
    expect([halted.code, halted.stderr]).toEqual([0, ''])
    expect((await db.select().from(subscribers)).map(({ importedBy }) => importedBy)).toEqual(['uid 54321'])
    expect((await db.select().from(auditLog)).map(({ actor }) => actor)).toEqual([
      'command line (uid 54321)',
      'command line (uid 54321)',
    ])
  },
  60_000,
)

test('inbound asks the mail server to try again when it could not process an email', async ({ databaseUrl }) => {
  const stdin = 'From: ada@example.org\nTo: papers@paperboy.example\nSubject: Hello\n\nHi.\n'
  const away = await paperboy(['inbound'], {}, { stdin })
  expect([away.code, away.stderr]).toEqual([75, expect.stringContaining('DATABASE_URL')])
  expect((await paperboy(['inbound'], { DATABASE_URL: databaseUrl, SECRET_KEY: 'short' }, { stdin })).code).toBe(75)
  expect((await paperboy(['inbound'], { DATABASE_URL: databaseUrl }, { stdin })).code).toBe(0)
  expect((await paperboy(['inbound'], {}, { stdin: '' })).code).toBe(2)
}, 60_000)

test('inbound returns what a person wrote, with the address to write to', async ({ databaseUrl }) => {
  const env = { DATABASE_URL: databaseUrl, BOUNCE_ADDRESS: 'bounce+*@paperboy.example', REPLY_TO: 'ak@example.com' }
  const letter = 'From: bob@example.net\nTo: bounce@paperboy.example\nSubject: I like it\n\nThanks!\n'
  expect(await paperboy(['inbound'], { ...env, SENDER: 'bob@example.net' }, { stdin: letter })).toMatchObject({
    code: 69,
    stdout: '5.7.1 no person reads this address: use the links in our email, or write to ak@example.com\n',
  })
  // A report without a sender is never answered.
  expect((await paperboy(['inbound'], { ...env, SENDER: '' }, { stdin: letter })).code).toBe(0)
}, 60_000)

test('api-key creates a key that is printed once, lists it without its secret, and revokes it', {
  timeout: 120_000,
}, async ({ db, databaseUrl }) => {
  const run = (...args: string[]) => paperboy(args, { DATABASE_URL: databaseUrl })
  const made = JSON.parse(
    (await run('api-key', 'create', 'Shop', '--scopes', 'read,readers', '--days', '7', '--json')).stdout,
  )
  expect(made).toEqual({ id: 1, key: expect.stringMatching(/^paperboy_/) })
  const list = await run('api-key', 'list')
  expect(list.stdout).toMatch(/^1 {2}active {2}paperboy_\S{4}… {2}read,readers {2}last used never {2}Shop\n$/)
  expect(list.stdout).not.toContain(made.key)
  expect((await run('api-key', 'revoke', '1')).code).toBe(0)
  expect((await run('api-key', 'revoke', '1')).code).toBe(1)
  expect((await run('api-key', 'create', 'Shop', '--scopes', 'everything')).code).toBe(2)
  expect(await run('api-key', 'revoke', 'Shop')).toMatchObject({ code: 2, stderr: expect.stringContaining('"Shop"') })
  const log = (await db.select().from(auditLog).orderBy(auditLog.id)).map(({ action, target }) => `${action} ${target}`)
  expect(log).toEqual(['created the API key "Shop"', 'revoked API key 1'])
})

test('relays show lists slowed domains with reasons, and reset-domain resets one', async ({ db, databaseUrl }) => {
  const env = { DATABASE_URL: databaseUrl, SMTP_URL: 'smtp://127.0.0.1:1?name=main' }
  expect((await paperboy(['relays', 'show'], env)).stdout).toBe('No relay rests, and no domain is slowed down.\n')
  const slowed = { rate: 4, askedRate: 8, why: '451 4.7.0 too fast', slowedAt: new Date() }
  await db.insert(buckets).values({ name: 'domain slow.example', ...slowed })
  await db.insert(relayRests).values({ relay: 'main', since: new Date(), until: new Date(), reply: '550 5.4.5 limit' })
  const { stdout } = await paperboy(['relays', 'show'], env)
  expect(stdout).toMatch(/^relay main has refused us since .* and is tried with the next email: 550 5\.4\.5 limit$/m)
  expect(stdout).toMatch(/^domain slow\.example is held at 4 a second since .* UTC: 451 4\.7\.0 too fast$/m)
  const reset = () => paperboy(['--json', 'relays', 'reset-domain', 'Slow.example'], env)
  expect(JSON.parse((await reset()).stdout)).toEqual({ domain: 'slow.example', reset: true })
  expect(JSON.parse((await reset()).stdout)).toEqual({ domain: 'slow.example', reset: false })
  expect(await db.$count(buckets)).toBe(0)
  expect(await db.select().from(auditLog)).toMatchObject([
    { action: 'reset the rate of', target: 'a receiving domain' },
  ])
}, 60_000)

describe('a failure exits with 1 and a message', () => {
  test('an unreachable database', async () => {
    const { code, stderr } = await paperboy(['status'])
    expect([code, stderr]).toEqual([1, expect.stringContaining('DATABASE_URL')])
  })

  test('an invalid configuration: one message with all problems and no values', async () => {
    const { code, stderr } = await paperboy(['status'], {
      SECRET_KEY: 'too short',
      PORT: 'eighty',
      MAIL_FROM: 'nobody',
    })
    expect(code).toBe(1)
    for (const name of ['SECRET_KEY', 'PORT', 'MAIL_FROM']) expect(stderr).toContain(name)
    expect(stderr).not.toContain('too short')
  })

  test('an unknown edition', async ({ databaseUrl }) => {
    const env = { DATABASE_URL: databaseUrl }
    for (const name of ['assemble', 'send']) {
      const { code, stdout, stderr } = await paperboy(['edition', name, ...DATE], env)
      expect([name, code, stdout, stderr]).toEqual([name, 1, '', expect.stringContaining('2026-04-14')])
    }
  })

  test('a source that is not configured', async ({ databaseUrl }) => {
    const { code, stderr } = await paperboy(['papers', 'collect', '--source', 'nowhere'], { DATABASE_URL: databaseUrl })
    expect(code).toBeGreaterThan(0)
    expect(stderr).toContain('nowhere')
  })

  test('of one source, and the others are read all the same', async ({ databaseUrl, db }) => {
    const own = [
      { name: 'gone', list: 'gone.json' },
      { name: 'here', list: file('here.json', PLAIN) },
    ]
    const sources = own.map(({ name, list }) => `[[sources]]\nname = "${name}"\nlist = "${list}"\n`)
    const toml = ['name = "Own"\ncurator = "Ada"\n', ...sources].join('')
    const env = { DATABASE_URL: databaseUrl, NEWSLETTER_FILE: file('own.toml', toml) }
    const { code, stdout, stderr } = await paperboy(['papers', 'collect', '--json'], env)
    expect([code, JSON.parse(stdout)]).toMatchObject([1, { source: 'here', added: PLAIN.length }])
    expect(stderr).toMatch(/^paperboy: gone: .*gone\.json/)
    expect(await db.$count(papers)).toBe(PLAIN.length)
  })

  test('a missing CSV file, or one with a bad line', async ({ databaseUrl, db }) => {
    const env = { DATABASE_URL: databaseUrl }
    const missing = await paperboy(['subscribers', 'import', join(folder, 'none.csv')], env)
    expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining('none.csv')])
    const bad = await paperboy(['subscribers', 'import', file('bad.csv', 'email\nada@example.org\nbob\n')], env)
    expect([bad.code, bad.stderr]).toEqual([1, expect.stringContaining('line 3')])
    expect(await db.$count(subscribers)).toBe(0)
  })
})

test('migrate creates the tables of an empty database, and is idempotent', async ({ databaseUrl, db }) => {
  await db.execute('DROP SCHEMA public CASCADE; CREATE SCHEMA public; DROP SCHEMA IF EXISTS drizzle CASCADE')
  const { code, stderr } = await paperboy(['backup', '-'], { DATABASE_URL: databaseUrl })
  expect([code, stderr]).toEqual([1, expect.stringContaining('no tables of Paperboy')])
  for (let i = 0; i < 2; i++) expect((await paperboy(['migrate'], { DATABASE_URL: databaseUrl })).code).toBe(0)
  expect(await db.$count(subscribers)).toBe(0)
})

test('papers remove: a dry run, then the audited removal of a file that was a mistake; its words are gone', async ({
  databaseUrl,
  db,
}) => {
  const env = { DATABASE_URL: databaseUrl }
  await addPapers(db, '2026-04-13', 1)
  await paperboy(['papers', 'import', file('mistake.json', PLAIN), ...DATE], env)
  const dry = await paperboy(['papers', 'remove', ...DATE], env)
  expect([dry.code, dry.stdout]).toEqual([
    0,
    expect.stringMatching(/Number 6\nDry run: would remove 6 papers\. Add --yes/),
  ])
  expect([await db.$count(papers), (await db.select().from(auditLog)).map(({ action }) => action)]).toEqual([
    7,
    ['imported'],
  ])
  const done = await paperboy(['--json', 'papers', 'remove', ...DATE, '--yes'], env)
  expect([done.code, JSON.parse(done.stdout)]).toEqual([
    0,
    expect.objectContaining({ days: ['2026-04-14'], done: true }),
  ])
  expect(await db.$count(papers)).toBe(1)
  const [, entry] = await db.select().from(auditLog).orderBy(auditLog.id)
  expect(entry).toMatchObject({ action: 'removed', target: 'the papers of 2026-04-14' })
  const counted = await db.execute(sql`SELECT FROM terms WHERE term = 'number' AND papers > 0`)
  expect(counted.rows).toEqual([])
  const again = await paperboy(['papers', 'remove', ...DATE, '--yes'], env)
  expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('has no papers')])
})

describe('papers import', () => {
  test('imports a good file to its list day; importing it again changes nothing', async ({ databaseUrl, db }) => {
    const args = ['--json', 'papers', 'import', file('plain.json', PLAIN), ...DATE]
    const first = await paperboy(args, { DATABASE_URL: databaseUrl })
    expect([first.code, JSON.parse(first.stdout)]).toEqual([
      0,
      expect.objectContaining({ papers: 6, added: 6, bad: 0 }),
    ])
    const again = await paperboy(args, { DATABASE_URL: databaseUrl })
    expect(JSON.parse(again.stdout)).toMatchObject({ papers: 6, added: 0, changed: 0 })
    expect((await db.select().from(papers)).map((paper) => paper.listDay)).toEqual(Array(6).fill('2026-04-14'))
  })

  test('reports bad records by file and position, with exit 1', async ({ databaseUrl }) => {
    const path = file('mixed.json', [PLAIN[0], { abstract: 'no title' }, 'no object', PLAIN[1]])
    const { code, stdout, stderr } = await paperboy(['papers', 'import', path, ...DATE], { DATABASE_URL: databaseUrl })
    expect([code, stdout]).toEqual([1, expect.stringContaining('2 bad')])
    expect(stderr.match(/mixed\.json: record \d/g)).toHaveLength(2)
  })

  test('a missing file or invalid JSON exits with 1 and imports nothing', async ({ databaseUrl, db }) => {
    for (const path of [join(folder, 'none.json'), file('broken.json', '[{"title": "half'), file('empty.json', '')]) {
      const { code, stderr } = await paperboy(['papers', 'import', path, ...DATE], { DATABASE_URL: databaseUrl })
      expect([code, stderr]).toEqual([1, expect.stringContaining(path.split('/').at(-1)!)])
    }
    expect(await db.$count(papers)).toBe(0)
  })
})

describe('edition', { timeout: 120_000 }, () => {
  /** A database with a list, and an SMTP sink. */
  async function begin(db: Db, databaseUrl: string, ...behave: Parameters<typeof sinkThat>) {
    const sink = await sinkThat(...behave)
    await addPapers(db, '2026-04-14', 6)
    const run = (...args: string[]) => paperboy(['--json', ...args], { DATABASE_URL: databaseUrl, SMTP_URL: sink.url })
    return { sink, run, edition: (name: string, ...args: string[]) => run('edition', name, ...DATE, ...args) }
  }

  test('from assemble to sent, each step prints only JSON', async ({ databaseUrl, db }) => {
    const { sink, run, edition } = await begin(db, databaseUrl)
    await addReaders(db, 5)
    const made = await edition('assemble')
    expect([made.code, JSON.parse(made.stdout)]).toEqual([
      0,
      expect.objectContaining({ papers: 6, state: 'draft', changed: true }),
    ])

    const out = join(folder, 'out')
    const shown = await edition('preview', '--out', out)
    expect([shown.code, JSON.parse(shown.stdout).files]).toEqual([
      0,
      expect.arrayContaining([join(out, 'digest-2026-04-14.eml')]),
    ])
    expect(readdirSync(out).sort()).toEqual([
      'digest-2026-04-14.eml',
      'digest-2026-04-14.html',
      'digest-2026-04-14.txt',
      'digest-2026-04-14.views.html',
    ])
    expect(JSON.parse((await edition('preview')).stdout).text).toContain('Paper 1 of')
    expect(sink.taken, 'a preview sends no email').toEqual([])

    const released = await edition('release')
    expect([released.code, JSON.parse(released.stdout)]).toEqual([0, expect.objectContaining({ state: 'released' })])

    const sent = await edition('send', '--now')
    expect(sent.code).toBe(0)
    expect(JSON.parse(sent.stdout)).toMatchObject({ state: 'sent', total: 5, open: 0, states: { accepted: 5 } })
    expect(new Set(sink.taken.map((one) => one.to)).size).toBe(5)
    expect((await simpleParser(sink.taken[0]!.raw)).text).toContain('Paper 1 of')

    const again = await edition('send', '--now')
    expect([again.code, sink.taken.length]).toEqual([0, 5])
    const status = JSON.parse((await run('status')).stdout)
    expect(status).toMatchObject({ workers: 0, readers: { active: 5 }, editions: [{ state: 'sent', total: 5 }] })
  })

  test('the desk’s other orders: pin, add, subject, sponsor, schedule, release, correct, recall', async ({
    databaseUrl,
    db,
  }) => {
    const { edition } = await begin(db, databaseUrl)
    await addPapers(db, '2026-04-10', 2)
    const codes: Record<string, number> = {}
    for (const [name, ...args] of [
      ['assemble'],
      ['pin', '2604.14004', '--place', '1'],
      ['add', 'arxiv.org/abs/2604.10001'],
      ['subject', '--text', 'Read this'],
      ['sponsor', '--name', 'Acme', '--text', 'GPUs.', '--url', 'https://acme.example'],
      ['schedule', '--at', new Date(Date.now() + 3_600_000).toISOString()],
      ['release'],
      ['correct', '--text', 'The first title was wrong.'],
      ['recall'],
    ] as const) {
      const { code, stderr } = await edition(name, ...args)
      codes[name] = code
      expect([name, stderr]).toEqual([name, ''])
    }
    expect(Object.values(codes).every((code) => code === 0)).toBe(true)
    const [stored] = await db.select().from(editions)
    expect(stored).toMatchObject({ state: 'draft', held: true, ownSubject: 'Read this', sponsor: { name: 'Acme' } })
    const order = await db
      .select({ title: papers.title })
      .from(editionPapers)
      .innerJoin(papers, eq(papers.id, editionPapers.paperId))
      .orderBy(editionPapers.position)
    expect(order.slice(0, 2).map(({ title }) => title)).toEqual(['Paper 5 of 2026-04-14', 'Paper 2 of 2026-04-10'])
    const wrong = await edition('sponsor', '--name', 'Acme')
    expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('needs a name, a text and a link')])
    const actions = (await db.select().from(auditLog).orderBy(auditLog.id)).map(({ action }) => action.split(' ')[0])
    expect(actions).toEqual(['assembled', 'pinned', 'added', 'set', 'set', 'set', 'released', 'published', 'recalled'])
  })

  test('a subject or correction that an edition has already is reported as no change', async ({ databaseUrl, db }) => {
    const { sink, edition } = await begin(db, databaseUrl)
    await edition('assemble')
    const say = async (...args: string[]) =>
      (await paperboy(['edition', ...args, ...DATE], { DATABASE_URL: databaseUrl, SMTP_URL: sink.url })).stdout
    const none = 'Nothing to change in the daily edition of 2026-04-14.\n'
    expect(await say('subject', '--text', 'Read this')).toBe('Set the subject of the daily edition of 2026-04-14.\n')
    expect(await say('subject', '--text', 'Read this')).toBe(none)
    await edition('release')
    const correct = ['correct', '--text', 'The first title was wrong.']
    expect(await say(...correct)).toBe('Published a correction of the daily edition of 2026-04-14.\n')
    expect(await say(...correct)).toBe(none)
  })

  test('send releases a draft, and reports deferred deliveries with the next try and exit 1', async ({
    databaseUrl,
    db,
  }) => {
    const { sink, edition } = await begin(db, databaseUrl, {
      recipient: (to) => (to === 'late@example.org' ? smtpReply(450, '4.2.0 greylisted') : undefined),
    })
    await addSubscriber(db, 'ada@example.org')
    await addSubscriber(db, 'late@example.org')
    await edition('assemble')
    const { code, stdout } = await edition('send', '--now')
    expect(code).toBe(1)
    const told = JSON.parse(stdout)
    expect(told).toMatchObject({ state: 'sending', total: 2, open: 1, states: { accepted: 1, deferred: 1 } })
    expect(Date.parse(told.nextTry)).toBeGreaterThan(Date.now())
    expect(sink.taken.map((one) => one.to)).toEqual(['ada@example.org'])
  })

  test('send prints one JSON value also when no reader is due yet', async ({ databaseUrl, db }) => {
    const { edition } = await begin(db, databaseUrl)
    await edition('assemble')
    expect(JSON.parse((await edition('send')).stdout)).toMatchObject({ total: 0, open: 0 })
  })

  test('a cancelled edition can be neither released nor sent', async ({ databaseUrl, db }) => {
    const { sink, edition } = await begin(db, databaseUrl)
    await addReaders(db, 2)
    await edition('assemble')
    expect((await edition('cancel')).code).toBe(0)
    for (const name of ['release', 'send']) {
      const { code, stderr } = await edition(name)
      expect([name, code, stderr]).toEqual([name, 1, expect.stringContaining('cancelled')])
    }
    expect(sink.taken).toEqual([])
    expect((await db.select().from(editions))[0]!.state).toBe('cancelled')
  })

  test('a command that another suggests is about the same edition, also a weekly one', async ({ databaseUrl, db }) => {
    const { run } = await begin(db, databaseUrl)
    const weekly = ['--date', '2026-04-13', '--kind', 'weekly']
    expect((await run('edition', 'pause', ...weekly)).stderr).toContain(`edition assemble ${weekly.join(' ')}`)
    const times = { closesAt: new Date(), releaseAt: new Date(), assembledAt: new Date(), messageKey: Buffer.alloc(32) }
    await db.insert(editions).values({ kind: 'weekly', date: '2026-04-13', state: 'sent', ...times })
    const again = await paperboy(['edition', 'again', ...weekly, '--only', 'expired', '--yes'], {
      DATABASE_URL: databaseUrl,
    })
    expect(again.stdout).toContain(`edition send ${weekly.join(' ')}`)
  })

  test('preview --to sends it to that address only', async ({ databaseUrl, db }) => {
    const { sink, edition } = await begin(db, databaseUrl)
    await addReaders(db, 2)
    await edition('assemble')
    const { code, stdout } = await edition('preview', '--to', 'curator@example.org')
    expect([code, JSON.parse(stdout)]).toEqual([0, expect.objectContaining({ state: 'accepted' })])
    expect(sink.taken.map((one) => one.to)).toEqual(['curator@example.org'])
    expect((await db.select().from(auditLog)).map(({ action }) => action)).toEqual(['assembled', 'sent a test of'])
  })
})

test('subscribers: import from a file, export to standard output', async ({ databaseUrl, db }) => {
  const env = { DATABASE_URL: databaseUrl }
  const path = file('readers.csv', 'email,zone,hour\nada@example.org,Europe/Berlin,7\nbob@example.org,,\n')
  const args = ['--json', 'subscribers', 'import', path, '--active', '--attested-by', 'the board']
  const dry = await paperboy([...args, '--dry-run'], env)
  expect([dry.code, JSON.parse(dry.stdout), await db.$count(subscribers)]).toEqual([
    0,
    expect.objectContaining({ added: 2 }),
    0,
  ])
  const { code, stdout } = await paperboy(args, env)
  expect([code, JSON.parse(stdout)]).toEqual([0, expect.objectContaining({ read: 2, added: 2, refused: 0 })])
  expect((await db.select().from(subscribers)).map((row) => row.importedBy)).toEqual(['the board', 'the board'])
  const out = await paperboy(['subscribers', 'export'], env)
  expect(out.code).toBe(0)
  expect(out.stdout.split('\n')[1]).toMatch(/^ada@example\.org,active,Europe\/Berlin,7,daily,1,10,html,en,/)
  expect(out.stdout.trimEnd().split('\n')).toHaveLength(3)
})

test('a pick takes effect at once, and is an error once the edition is released', async ({ db, databaseUrl }) => {
  await addPapers(db, '2026-04-14', 3)
  const env = { DATABASE_URL: databaseUrl }
  const key = ['--date', '2026-04-14']
  const run = async (...args: string[]) => paperboy(['edition', ...args], env)
  await run('assemble', ...key)
  const picked = await run('pick', 'https://arxiv.org/abs/2604.14002v1', '--note', 'Read this.')
  expect(picked.stdout).toContain('Assembled again: the daily edition of 2026-04-14')
  const [first] = await db.select().from(editionPapers).orderBy(editionPapers.position)
  expect(first).toMatchObject({ section: 'picks', note: 'Read this.' })
  await run('drop', '2604.14000')
  const verdicts = async () => (await db.select().from(picks)).map(({ verdict }) => verdict).sort()
  expect(await verdicts()).toEqual(['dropped', 'picked'])
  await run('unpick', '2604.14000')
  expect(await verdicts()).toEqual(['picked'])
  await run('release', ...key)
  const late = await run('drop', '2604.14001')
  expect([late.code, late.stderr.includes('can no longer change')]).toEqual([1, true])
  expect(await db.$count(picks)).toBe(1)
}, 60_000)

test('a day outside PostgreSQL’s range is wrong usage', async () => {
  for (const args of [
    ['edition', 'assemble', '--date', '0000-01-01'],
    ['papers', 'collect', '--month', '0000-01'],
  ]) {
    const { code, stderr } = await paperboy(args)
    expect([code, /is not a da(?:te|y)/.test(stderr)]).toEqual([2, true])
  }
}, 60_000)
