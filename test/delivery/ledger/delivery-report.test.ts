import { sql } from 'drizzle-orm'
import { expect } from 'vitest'
import { countLive, type OutcomeCounts, reportDeliveries } from '../../../src/delivery/ledger/delivery-report.ts'
import { DELIVERIES_A_PAGE, listDeliveries } from '../../../src/delivery/ledger/list-deliveries.ts'
import { progressOf } from '../../../src/delivery/ledger/progress.ts'
import { planAll } from '../../../src/delivery/plan/plan-all.ts'
import { findEdition } from '../../../src/edition/draft/control.ts'
import { test } from '../../support/database.ts'
import { addReaders, releasedEdition, servicesOn } from '../../support/services.ts'

const KEY = { kind: 'daily' as const, date: '2026-04-14' }
const STATES = ['queued', 'handed', 'accepted', 'deferred', 'refused', 'unknown', 'skipped', 'expired', 'erased']

test('counts by relay and by domain add up to the edition, in every state', async ({ db }) => {
  const services = servicesOn(db)
  await addReaders(db, 90)
  const editionId = await releasedEdition(services, KEY.date, 3)
  await planAll(services, editionId)
  // 30 domains, more than are listed by name, and two erased readers.
  await db.execute(sql`
    UPDATE subscribers SET email = 'reader-' || id || '@' || (id % 30) || '.Example',
      email_key = 'reader-' || id || '@' || (id % 30) || '.example'`)
  await db.execute(sql`
    UPDATE deliveries d SET state = (${sql.param(STATES)}::text[])[1 + subscriber_id % 9]::delivery_state,
      relay = CASE WHEN subscriber_id % 9 IN (2, 3, 4, 5) THEN 'relay-' || subscriber_id % 2 END`)
  await db.execute(
    sql`UPDATE subscribers SET status = 'erased', email = NULL, email_key = NULL, address_hash = NULL, next_digest_at = NULL WHERE id IN (SELECT id FROM subscribers ORDER BY id LIMIT 2)`,
  )
  const progress = await progressOf(services, editionId)
  const { relays, domains } = await reportDeliveries(services, editionId)
  const fields = ['accepted', 'deferred', 'refused', 'unknown', 'underWay', 'notSent'] as const
  for (const groups of [relays, domains]) {
    const sum = (field: keyof OutcomeCounts) => groups.reduce((total, group) => total + group[field], 0)
    expect(sum('total')).toBe(progress.total)
    for (const state of ['accepted', 'deferred', 'refused', 'unknown'] as const)
      expect([state, sum(state)]).toEqual([state, progress.states[state]])
    expect(sum('underWay')).toBe(progress.states.queued! + progress.states.handed!)
    for (const group of groups) expect(fields.reduce((total, field) => total + group[field], 0)).toBe(group.total)
  }
  expect(relays.map(({ name }) => name).toSorted()).toEqual(['none yet', 'relay-0', 'relay-1'])
  expect(domains).toHaveLength(16)
  expect(domains.at(-1)!.name).toBe('all others')
  const live = await countLive(services, [editionId, 999], 'resend')
  expect(live.get(editionId)).toEqual({
    edition: 'sending',
    total: progress.total,
    open: progress.open,
    states: progress.states,
  })
})

test('pages list every refused delivery once, with the enhanced code of its reply', async ({ db }) => {
  const services = servicesOn(db)
  await addReaders(db, DELIVERIES_A_PAGE + 7)
  const editionId = await releasedEdition(services, KEY.date, 3)
  await planAll(services, editionId)
  await db.execute(
    sql`UPDATE deliveries SET state = 'refused', reply = '550 5.1.1 no such user [address] at 192.0.2.14', relay = 'main', hand_overs = 1`,
  )
  const edition = await findEdition(services, KEY)
  const first = await listDeliveries(services, edition, 'refused')
  const second = await listDeliveries(services, edition, 'refused', { after: first.next })
  expect([first.deliveries.length, second.deliveries.length, second.next]).toEqual([DELIVERIES_A_PAGE, 7, undefined])
  const all = [...first.deliveries, ...second.deliveries]
  expect(new Set(all.map(({ subscriberId }) => subscriberId)).size).toBe(DELIVERIES_A_PAGE + 7)
  expect(all[0]).toMatchObject({ enhanced: '5.1.1', relay: 'main', attempts: 1 })
  expect(all[0]!.address).toMatch(/^reader-\d+@example\.org$/)
  await db.execute(sql`UPDATE deliveries SET reply = 'lost at 192.0.2.14'`)
  expect((await listDeliveries(services, edition, 'refused')).deliveries[0]!.enhanced).toBeNull()
  expect((await listDeliveries(services, edition, 'unknown')).deliveries).toEqual([])
})
