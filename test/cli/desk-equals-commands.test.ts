import { sql } from 'drizzle-orm'
import { expect } from 'vitest'
import type { Db } from '../../src/runtime/db/database.ts'
import { signedIn, test } from '../http/admin.ts'
import { secondDatabase } from '../support/database.ts'
import { addSubscriber, testConfig } from '../support/services.ts'
import { paperboy } from './paperboy.ts'

async function printed(DATABASE_URL: string, ...args: string[]): Promise<string> {
  const { SECRET_KEY, SUPPRESSION_KEY } = testConfig()
  const { code, stdout, stderr } = await paperboy(args, { DATABASE_URL, SECRET_KEY, SUPPRESSION_KEY })
  expect(code, stderr).toBe(0)
  return stdout
}

/** All that an action may change. Times differ between the two: only whether there is one counts. */
async function stateOf(db: Db) {
  const { rows } = await db.execute(sql`
    SELECT jsonb_build_object(
      'readers', (SELECT jsonb_agg(to_jsonb(s) - '{created_at,updated_at,imported_at,imported_by,requested_at,left_at,confirmed_at,next_digest_at,confirm_nonce}'::text[]
        || jsonb_build_object('left', left_at IS NOT NULL, 'confirmed', confirmed_at IS NOT NULL, 'next', next_digest_at IS NOT NULL) ORDER BY id) FROM subscribers s),
      'suppressions', (SELECT jsonb_agg(jsonb_build_array(address_hash, reason) ORDER BY address_hash) FROM suppressions),
      'emails', (SELECT jsonb_agg(jsonb_build_array(kind, subscriber_id, state) ORDER BY id) FROM outbox WHERE kind <> 'sign-in'),
      'log', (SELECT jsonb_agg(jsonb_build_array(what, about) ORDER BY id) FROM audit_log WHERE what <> 'signed in')) AS state`)
  return rows[0]!.state
}

test('unsubscribe, suppress, lift, erase and add do the same on the page as on the command line', {
  timeout: 120_000,
}, async ({ db, site }) => {
  const { url, db: elsewhere } = await secondDatabase()
  for (const each of [db, elsewhere])
    for (const name of ['ada', 'bob', 'cy', 'dee'])
      await addSubscriber(each, `${name}@example.org`, { topics: ['robotics'] })
  const browser = await signedIn(site)
  const both: [string, string, string[]][] = [
    ['unsubscribe', 'ada', ['subscribers', 'unsubscribe']],
    ['suppress', 'bob', ['suppressions', 'add']],
    ['suppress', 'cy', ['suppressions', 'add']],
    ['suppress', 'cy', ['suppressions', 'add']],
    ['lift', 'cy', ['suppressions', 'lift']],
    ['erase', 'dee', ['subscribers', 'erase']],
    ['add', 'eve', ['subscribers', 'add']],
    ['add', 'ada', ['subscribers', 'add']],
  ]
  for (const [action, name, command] of both) {
    const email = `${name}@example.org`
    const reply = await browser.post(`/admin/readers/${action}`, { email, sure: 'yes' })
    expect([action, name, reply.statusCode]).toEqual([action, name, 200])
    await printed(url, ...command, email)
  }
  const [page, commands] = [
    (await stateOf(db)) as { log: string[][] },
    (await stateOf(elsewhere)) as { log: string[][] },
  ]
  // The command line suppresses addresses without looking for a reader.
  const anyone = (log: string[][]) =>
    log.map(([what, about]) => (/suppress/.test(what!) ? [what, 'an address'] : [what, about]))
  expect({ ...page, log: anyone(page.log) }).toEqual({ ...commands, log: anyone(commands.log) })
  const listed = JSON.parse(await printed(url, 'subscribers', 'list', '--status', 'unsubscribed', '--json'))
  expect(listed.readers.map(({ email }: { email: string }) => email)).toEqual([
    'cy@example.org',
    'bob@example.org',
    'ada@example.org',
  ])
  expect((await printed(url, 'subscribers', 'export', '--status', 'pending')).split('\n')).toHaveLength(3)
})
