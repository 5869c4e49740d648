import { readdirSync, readFileSync } from 'node:fs'
import { afterEach, describe, expect, test as plainTest } from 'vitest'
import { assemble } from '../src/edition/draft/assemble.ts'
import { choosePort } from '../src/embedded/port.ts'
import { test } from './support/database.ts'
import { runSql } from './support/global-setup.ts'
import { productionEnv, start, until } from './support/processes.ts'
import { addPapers, addReaders, servicesOn } from './support/services.ts'
import { openSink } from './support/sink.ts'

const MIGRATIONS = new URL('../migrations/', import.meta.url)
/** Before this one, no version with readers existed. */
const FIRST_RELEASE = 15

const stack: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of stack.splice(0).reverse()) await close()
})

/** What a later version may do while processes of this one still run: every kind of additive change, on every busy table. */
const LATER_MIGRATION = `
  ALTER TABLE subscribers ADD COLUMN later text, ADD COLUMN later_flag boolean NOT NULL DEFAULT false;
  ALTER TABLE deliveries ADD COLUMN later text;
  ALTER TABLE batches ADD COLUMN later integer NOT NULL DEFAULT 0;
  ALTER TABLE outbox ADD COLUMN later text;
  ALTER TABLE editions ADD COLUMN later text;
  ALTER TABLE edition_papers ADD COLUMN later text;
  ALTER TABLE papers ADD COLUMN later text;
  ALTER TABLE mailing ADD COLUMN later text;
  ALTER TABLE buckets ADD COLUMN later text;
  ALTER TYPE service_mail ADD VALUE 'later';
  CREATE TABLE later (id bigint PRIMARY KEY);
  CREATE INDEX subscribers_later ON subscribers (later);
  INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ('later', 9999999999999);`

test('processes of this version run on through the migration of a later one', { timeout: 120_000 }, async ({
  db,
  databaseUrl,
}) => {
  const sink = await openSink()
  stack.push(() => sink.close())
  const port = String(await choosePort(undefined))
  const env = productionEnv(databaseUrl, sink.url, { PORT: port, PUBLIC_URL: `http://127.0.0.1:${port}` })
  const startWorker = async () => {
    const worker = start('workers/main.ts', [], env)
    stack.push(() => worker.end('SIGKILL'))
    await until(worker, 'worker ready')
    return worker
  }
  const api = start('src/api.ts', [], env)
  stack.push(() => api.end('SIGKILL'))
  const worker = await startWorker()
  const answers = (path: string, init?: RequestInit) =>
    fetch(`${env.PUBLIC_URL}${path}`, { redirect: 'manual', ...init }).then(
      ({ status }) => status,
      () => 0,
    )
  await expect.poll(() => answers('/readyz'), { timeout: 30_000 }).toBe(200)

  const live = async (name: string, day: string) => {
    const email = `${name}@example.org`
    // A busy machine answers 503 and asks to try again.
    const signUp = () => answers('/subscribe', { method: 'POST', body: new URLSearchParams({ email }) })
    await expect.poll(signUp, { timeout: 20_000, interval: 1_000 }).toBe(303)
    await expect.poll(() => sink.taken.map(({ to }) => to), { timeout: 20_000 }).toContain(email)
    const mail = await sink.read(email)
    const link = new URL(/https?:\/\/\S+\/confirm\/\S+/.exec(mail.text!)![0]).pathname
    expect(await answers(link, { method: 'POST' })).toBe(303)
    await addPapers(db, day, 12)
    await assemble(servicesOn(db), { date: day })
    const command = start('src/cli/main.ts', ['edition', 'send', '--date', day, '--now', '--wait'], env)
    stack.push(() => command.end('SIGKILL'))
    await expect.poll(() => command.child.exitCode, { timeout: 30_000 }).toBe(0)
    const digest = await sink.read(email)
    expect(digest.headers.get('feedback-id')).toContain(day)
    for (const path of ['/', '/search?q=paper', '/topics', '/feed.xml', `/editions/${day}`])
      await expect.poll(() => answers(path), { timeout: 20_000, message: path }).toBe(200)
    const leave = new URL(/https?:\/\/\S+\/unsubscribe\/\S+/.exec(digest.text!)![0]).pathname
    expect(await answers(leave, { method: 'POST' })).toBe(200)
  }

  await addReaders(db, 50)
  await live('ada', '2026-04-14')
  await runSql(databaseUrl, LATER_MIGRATION)
  await live('grace', '2026-04-15')
  const second = await startWorker()
  for (const each of [api, worker, second]) {
    expect(each.output()).not.toMatch(/"level":50/)
    expect(await each.end('SIGTERM')).toBe(0)
  }
})

describe('migrations', () => {
  /** A statement that a running process of the version before may trip over. */
  const destructive =
    /\bDROP (?:COLUMN|TABLE|TYPE|FUNCTION|VIEW)\b|\bRENAME\b|\bALTER COLUMN \w+ (?:TYPE|SET NOT NULL)\b|\bADD COLUMN (?![^,;]*\bDEFAULT\b)[^,;]*\bNOT NULL\b/i
  const statementsOf = (text: string) => text.split(';').map((each) => each.trim())
  const isAllowed = (statement: string) => !destructive.test(statement) || /-- unused since \d/.test(statement)

  plainTest('remove only what the version before no longer uses', () => {
    const later = readdirSync(MIGRATIONS).filter((name) => Number(name.slice(0, 4)) > FIRST_RELEASE)
    const broken = later.flatMap((name) =>
      statementsOf(readFileSync(new URL(name, MIGRATIONS), 'utf8'))
        .filter((statement) => !isAllowed(statement))
        .map((statement) => `${name}: ${statement.slice(-80)}`),
    )
    expect(broken, 'First release a version that does without it. See docs/decisions/migrations.md').toEqual([])
  })

  plainTest.each([
    ['ALTER TABLE a DROP COLUMN b', false],
    ['ALTER TABLE a RENAME b TO c', false],
    ['ALTER TABLE a ALTER COLUMN b SET NOT NULL', false],
    ['ALTER TABLE a ADD COLUMN b text NOT NULL', false],
    ['ALTER TABLE a ADD COLUMN b text NOT NULL DEFAULT 1, ADD COLUMN c text', true],
    ['-- unused since 0.1.0\nALTER TABLE a DROP COLUMN b', true],
    ['CREATE TABLE a (b text NOT NULL)', true],
  ])('%s: %s', (statement, allowed) => {
    expect(isAllowed(statement)).toBe(allowed)
  })
})
