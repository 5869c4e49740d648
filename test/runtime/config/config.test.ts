import { describe, expect, test } from 'vitest'
import { readEnvironment } from '../../../src/runtime/config/config.ts'

/** What is said of an environment, a line a problem. */
function complaints(env: Record<string, string>): string[] {
  try {
    readEnvironment(env)
    return []
  } catch (error) {
    return (error as Error).message.split('\n').filter((line) => line.startsWith('  - '))
  }
}

describe('a value that cannot be', () => {
  test.each([
    [{ PORT: 'x' }, 'PORT must be a number'],
    [{ PORT: '80.5' }, 'PORT must be a whole number'],
    [{ PORT: '65536' }, 'PORT must be at most 65535'],
    [{ SMTP_CONNECTIONS: '0' }, 'SMTP_CONNECTIONS must be at least 1'],
    [{ SEND_RATE_PER_SECOND: '0' }, 'SEND_RATE_PER_SECOND must be more than 0'],
    [{ DELIVERY_DAYS: '35' }, 'DELIVERY_DAYS must be more than the 35 days that no paper comes twice in'],
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
  ])('%j is named, with what it should be', (env, words) => expect(complaints(env)).toEqual([`  - ${words}`]))
})

test('everything that is wrong or missing is told at once, and no value, which may be a secret', () => {
  const env = { NODE_ENV: 'production', SECRET_KEY: 'hunter2', PORT: 'x', DKIM_DOMAIN: 'a.example', MAIL_FROM: ' ' }
  const told = complaints(env)
  expect(told.map((line) => /^ {2}- (\w+)/.exec(line)![1]).sort()).toEqual([
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
  expect(told.join()).not.toMatch(/hunter2|a\.example/)
})

test('nothing, or white space, is a value that was not given', () => {
  expect(readEnvironment({ PORT: '', SMTP_CONNECTIONS: ' ' })).toEqual(readEnvironment({}))
})

test('a database password that makes no URL is told how to be written, and not shown', () => {
  const message = (url: string) => {
    try {
      readEnvironment({ DATABASE_URL: url })
      return undefined
    } catch (error) {
      return (error as Error).message
    }
  }
  const told = message('postgres://paperboy:ab/cd+ef=@postgres:5432/paperboy')
  expect(told).toMatch(/DATABASE_URL .*percent-encode/)
  expect(told).not.toContain('ab/cd')
  expect(message('postgres://paperboy:ab%2Fcd+ef=@postgres:5432/paperboy')).toBeUndefined()
  expect(message('mysql://paperboy@host/paperboy')).toMatch(/must be a URL starting with postgres:\/\//)
})
