import { describe, expect } from 'vitest'
import { databaseOn, openPool } from '../../../src/runtime/db/database.ts'
import { subscribers } from '../../../src/runtime/db/schema.ts'
import type { DomainSigns, Services } from '../../../src/runtime/services.ts'
import { signUp } from '../../../src/subscription/sign-up.ts'
import { test } from '../../support/database.ts'
import { servicesOn } from '../../support/services.ts'

const SIGNS: DomainSigns = { disposable: false, takesMail: 'yes' }

const signUpAs = (services: Services, typed: string) =>
  signUp(services, { typed, origin: '192.0.2.1', evidence: { shownAt: new Date(0), trapped: false } })

describe('sign-ups that come together', () => {
  test('are all stored, and use five database connections of a process at most', async ({ db, databaseUrl }) => {
    const pool = openPool(databaseUrl, () => {})
    const raised = { SIGN_UPS_PER_NETWORK: '1000' }
    const services = servicesOn(databaseOn(pool), raised)
    await Promise.all(Array.from({ length: 20 }, (_, nth) => signUpAs(services, `reader-${nth}@example.org`)))
    expect(pool.totalCount).toBeLessThanOrEqual(5)
    expect(await db.$count(subscribers)).toBe(20)
    await pool.end()
  })

  test('do not wait for the slow DNS of others', async ({ db }) => {
    const slow = Promise.withResolvers<DomainSigns>()
    const signsOf = async (domain: string) => (domain === 'slow.example' ? slow.promise : SIGNS)
    const services = { ...servicesOn(db), mailDomains: { signsOf } }
    const waiting = Array.from({ length: 10 }, (_, nth) => signUpAs(services, `reader-${nth}@slow.example`))
    expect(await signUpAs(services, 'ada@example.org')).toEqual({ slip: false })
    slow.resolve(SIGNS)
    await Promise.all(waiting)
  })
})
