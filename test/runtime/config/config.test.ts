import { describe, expect, test } from 'vitest'
import { readEnvironment } from '../../../src/runtime/config/config.ts'
import { hostOf } from '../../../src/runtime/config/fields.ts'

/** Returns the reported problems of an environment, one line each. */
function problemsOf(env: Record<string, string>): string[] {
  try {
    readEnvironment(env)
    return []
  } catch (error) {
    return (error as Error).message.split('\n').filter((line) => line.startsWith('  - '))
  }
}

describe('an invalid value', () => {
  test.each([
    [{ PORT: 'x' }, 'PORT must be a number'],
    [{ PORT: '80.5' }, 'PORT must be a whole number'],
    [{ PORT: '65536' }, 'PORT must be at most 65535'],
    [{ SMTP_CONNECTIONS: '0' }, 'SMTP_CONNECTIONS must be at least 1'],
    [{ SEND_RATE_PER_SECOND: '0' }, 'SEND_RATE_PER_SECOND must be more than 0'],
    [{ DELIVERY_DAYS: '35' }, 'DELIVERY_DAYS must be more than 35, the days in which no paper repeats'],
    [{ UNKNOWN_POLICY: 'guess' }, 'UNKNOWN_POLICY must be one of: resend, hold'],
    [{ PAPER_SOURCES: 'hf, gopher' }, 'PAPER_SOURCES, entry 2, must be one of: hf, arxiv'],
    [{ ARXIV_CATEGORIES: ',' }, 'ARXIV_CATEGORIES must name at least one'],
    [{ DATABASE_URL: 'mysql://host/x' }, 'DATABASE_URL must be a URL starting with postgres:// or postgresql://'],
    [{ PUBLIC_URL: 'https://a.example/?x' }, 'PUBLIC_URL must have no query, fragment or white space'],
    [{ MAIL_FROM: 'a@b.example\r\nBcc: c@d.example' }, 'MAIL_FROM must look like: Paperboy <papers@example.org>'],
    [{ DOMAIN_RATES: 'gmail.com' }, 'DOMAIN_RATES must look like gmail.com=20,example.org=0.5'],
    [
      { METRICS_TOKEN: 'fifteen-letters' },
      'METRICS_TOKEN must be at least 16 characters of ASCII, without white space',
    ],
    [
      { METRICS_TOKEN: 'with a blank between' },
      'METRICS_TOKEN must be at least 16 characters of ASCII, without white space',
    ],
    [{ SECRET_KEY_PREVIOUS: `${'k'.repeat(32)},short` }, 'SECRET_KEY_PREVIOUS, entry 2, needs at least 32 bytes'],
  ])('%j: the error names the variable and the expected form', (env, words) =>
    expect(problemsOf(env)).toEqual([`  - ${words}`]),
  )
})

test('a byte order mark at the start of .env, as Windows editors write it, does not hide the first variable', () => {
  expect(readEnvironment({ '\uFEFFPORT': '4000' }).PORT).toBe(4000)
  expect(readEnvironment({ '\uFEFFPORT': '4000', PORT: '5000' }).PORT, 'the process’s own value wins').toBe(5000)
  expect(readEnvironment({ PORT: '5000', '\uFEFFPORT': '4000' }).PORT).toBe(5000)
})

test('one error reports every wrong or missing variable, and no value, which may be a secret', () => {
  const env = { NODE_ENV: 'production', SECRET_KEY: 'hunter2', PORT: 'x', DKIM_DOMAIN: 'a.example', MAIL_FROM: ' ' }
  const problems = problemsOf(env)
  expect(problems.map((line) => /^ {2}- (\w+)/.exec(line)![1]).sort()).toEqual([
    'DATABASE_URL',
    'DKIM_DOMAIN',
    'MAIL_FROM',
    'PORT',
    'POSTAL_ADDRESS',
    'PUBLIC_URL',
    'SECRET_KEY',
    'SMTP_URL',
    'SUPPRESSION_KEY',
  ])
  expect(problems.join()).not.toMatch(/hunter2|a\.example/)
})

test('an empty or blank value counts as absent', () => {
  expect(readEnvironment({ PORT: '', SMTP_CONNECTIONS: ' ' })).toEqual(readEnvironment({}))
})

test.each([
  { SMTP_URL: 'smtps://user:10%off@smtp.example.org:465' },
  { REDIS_URL: 'redis://user:10%off@redis.example.org:6379' },
  { INBOUND_IMAP_URL: 'imaps://user:10%off@imap.example.org/INBOX' },
])('%j: a login with a bare % names the variable and the remedy', (env) => {
  const [name] = Object.keys(env)
  expect(problemsOf(env)).toEqual([`  - ${name} has a % that encodes nothing: write %25 in its user or password`])
})

test('for a database password that breaks the URL, the error says how to encode it and does not show it', () => {
  const message = (url: string) => {
    try {
      readEnvironment({ DATABASE_URL: url })
      return undefined
    } catch (error) {
      return (error as Error).message
    }
  }
  const problem = message('postgres://paperboy:ab/cd+ef=@postgres:5432/paperboy')
  expect(problem).toMatch(/DATABASE_URL .*percent-encode/)
  expect(problem).not.toContain('ab/cd')
  expect(message('postgres://paperboy:ab%2Fcd+ef=@postgres:5432/paperboy')).toBeUndefined()
  expect(message('mysql://paperboy@host/paperboy')).toMatch(/must be a URL starting with postgres:\/\//)
})

test.each([
  ['postgres://paperboy:secret@db1,db2/paperboy', 'names several servers'],
  ['postgres://paperboy:secret@db1:5432,db2:5432/paperboy?target_session_attrs=primary', 'names several servers'],
  ['postgres://paperboy:ab,cd/ef@db/paperboy', 'is not a valid URL'],
  ['postgres://paperboy:caf%E9@db/paperboy', 'has a % that encodes nothing'],
  ['postgres://paperboy:secret@db/paperboy?sslmode=allow', 'has an sslmode that is none of disable'],
])('%s: a DATABASE_URL that could never work is refused', (url, problem) => {
  expect(problemsOf({ DATABASE_URL: url })).toEqual([expect.stringContaining(`  - DATABASE_URL ${problem}`)])
})

test.each([
  'postgres://paperboy:secret@/paperboy?host=/run/postgresql',
  'postgresql:///paperboy?host=/run/postgresql',
  'postgres://paperboy@%2Frun%2Fpostgresql/paper-boy',
  'postgres://paperboy:a,b%2Fc@[::1]:5433/paperboy',
  'postgres://paperboy:100%@db/paperboy?sslmode=no-verify',
  'postgres://paperboy:secret@db/paperboy?sslmode=require&uselibpqcompat=true',
])('%s is taken as it is', (url) => {
  expect(readEnvironment({ DATABASE_URL: url }).DATABASE_URL).toBe(url)
})

test('sslmode=require means what pg makes of it, without its warning at each start', () => {
  const url = 'postgres://paperboy:secret@db/paperboy?sslmode=require&application_name=x'
  expect(readEnvironment({ DATABASE_URL: url }).DATABASE_URL).toBe(url.replace('require', 'verify-full'))
})

test.each([
  // SES makes such passwords.
  ['SMTP_URL', 'smtp://AKIA:BPa+x/y=@email-smtp.eu-west-1.amazonaws.com:587'],
  ['SMTP_URL', 'smtp://AKIA:12/y=@email-smtp.eu-west-1.amazonaws.com:587'],
  ['SMTP_URL', 'smtp://paperboy:ab#c@smtp.example.org'],
  ['REDIS_URL', 'redis://:ab/c@redis.example.org:6379'],
  ['REDIS_URL', 'redis://paper:p@ss:w@redis.example.org'],
  ['INBOUND_IMAP_URL', 'imaps://bounce:ab/c@imap.example.org/INBOX'],
])('%s=%s: a password that breaks the URL is to be encoded', (name, url) => {
  expect(problemsOf({ [name]: url })).toEqual([expect.stringMatching(`  - ${name} .*percent-encode / `)])
})

test.each([
  ['SMTP_URL', 'smtp://paperboy:?secret@smtp.example.org'],
  ['SMTP_URL', 'smtp://paperboy:42?ca=secret@smtp.example.org:587'],
  ['SMTP_URL', 'smtp://ada@example.org:?secret@smtp.example.org'],
  ['DATABASE_URL', 'postgres://paperboy:?secret@db/paperboy'],
  ['DATABASE_URL', 'postgres://paperboy:/secret@db/paperboy'],
  ['DATABASE_URL', 'postgres://paperboy:1#secret@db/paperboy'],
  ['REDIS_URL', 'redis://:/secret@redis.example.org:6379'],
  ['INBOUND_IMAP_URL', 'imaps://bounce:?secret@imap.example.org'],
  ['INBOUND_IMAP_URL', 'imaps://bounce:/secret@imap.example.org'],
])('%s=%s: a user with a password that ends the host is no host, and the password is not shown', (name, url) => {
  expect(problemsOf({ [name]: url })).toEqual([expect.stringMatching(`  - ${name} .*percent-encode / `)])
  expect(problemsOf({ [name]: url }).join()).not.toContain('secret')
})

test('an @ in an option or a folder is no part of a login', () => {
  for (const [name, url] of [
    ['DATABASE_URL', 'postgres://paperboy:pass@db/paperboy?application_name=a@b'],
    ['INBOUND_IMAP_URL', 'imaps://bounce:pass@imap.example.org/Shared/ada@example.org'],
  ] as const)
    expect(readEnvironment({ [name]: url })[name]).toBe(url)
})

test.each([
  ['PUBLIC_URL', 'https://ada:secret@papers.example.org', 'must have no user or password'],
  ['DATA_DIR', '~/paperboy', 'must not begin with ~'],
])('%s=%s is refused', (name, value, problem) => {
  expect(problemsOf({ [name]: value })).toEqual([expect.stringContaining(`  - ${name} ${problem}`)])
})

test.each(['[::1', '::1]', '127.0.0.1:3000', '[::1]:3000', 'http://localhost', '10.0.0.0/8', '*', 'a b'])(
  'HOST=%s is refused: it is no address and no name',
  (HOST) => expect(() => readEnvironment({ HOST })).toThrow('HOST must be an address'),
)

test('a host in letters beyond ASCII is looked up as the DNS knows it, in each URL', () => {
  expect(hostOf(new URL('imaps://bounces:secret@post.bücher.example/INBOX'))).toBe('post.xn--bcher-kva.example')
  expect(hostOf(new URL('imaps://bounces:secret@[2001:db8::1]:993'))).toBe('2001:db8::1')
})

test.each(['imap://', 'imaps:///INBOX', 'imaps://%ff%zz/INBOX'])('%s has no host', (INBOUND_IMAP_URL) =>
  expect(() => readEnvironment({ INBOUND_IMAP_URL })).toThrow('INBOUND_IMAP_URL names no host'),
)

test.each(['0.0.0.0/0', '::/0', '10.0.0.0/8, ::/00', '10.0.0.0/33'])(
  'TRUST_PROXY=%s is refused here, and not by the web server',
  (TRUST_PROXY) => expect(() => readEnvironment({ TRUST_PROXY })).toThrow('must be an address or a network'),
)

test('HOST is taken with brackets and white space', () => {
  expect(['[::]', ' 0.0.0.0 ', 'localhost'].map((HOST) => readEnvironment({ HOST }).HOST)).toEqual([
    '::',
    '0.0.0.0',
    'localhost',
  ])
})
