import { eq } from 'drizzle-orm'
import { describe, expect } from 'vitest'
import type { Db } from '../../src/db/database.ts'
import { subscribers } from '../../src/db/schema.ts'
import type { Services } from '../../src/services.ts'
import { mintToken } from '../../src/subscription/tokens.ts'
import { addSubscriber, NOON } from '../support/services.ts'
import { form, test } from './site.ts'

async function reader(db: Db, { keys }: Services, values: Parameters<typeof addSubscriber>[2] = {}) {
  const id = await addSubscriber(db, 'ada@example.org', { zone: 'Europe/Berlin', ...values })
  const row = async () => (await db.select().from(subscribers).where(eq(subscribers.id, id)))[0]!
  return { url: `/preferences/${mintToken(keys, 'preferences', id, NOON)}`, row }
}

describe('the preferences page', () => {
  test('shows what is chosen, and never the address', async ({ db, site: { app, services } }) => {
    const { url } = await reader(db, services)
    const page = await app.inject(url)
    expect(page.statusCode).toBe(200)
    expect(page.body).toContain('<option value="Europe/Berlin" selected>')
    expect(page.body).toContain('value="daily" checked')
    expect(page.body).toContain('<option value="8" selected>08:00</option>')
    expect(page.body).not.toContain('ada@')
    expect(page.headers).toMatchObject({ 'cache-control': 'no-store', 'x-robots-tag': 'noindex' })
  })

  test('saves, says so, and shows it', async ({ db, site: { app, services } }) => {
    const { url, row } = await reader(db, services)
    const fields = { cadence: 'weekdays', hour: '6', zone: 'America/New_York', size: '20', pauseWeeks: '' }
    const reply = await app.inject({ method: 'POST', url, ...form(fields) })
    expect(reply.statusCode).toBe(303)
    expect(await row()).toMatchObject({
      cadence: 'weekdays',
      hour: 6,
      zone: 'America/New_York',
      size: 20,
      pausedUntil: null,
    })
    const page = await app.inject(reply.headers.location!)
    expect(page.body).toContain('Saved.')
    expect(page.body).toContain('value="weekdays" checked')
  })

  test('says until when a pause lasts, and ends it', async ({ db, site: { app, services } }) => {
    const { url, row } = await reader(db, services)
    await app.inject({ method: 'POST', url, ...form({ pauseWeeks: '2' }) })
    expect((await app.inject(`${url}?saved=`)).body).toContain('No digest comes before Wednesday, 29 April 2026.')
    expect((await app.inject(url)).body).toContain('Paused until Wednesday, 29 April 2026.')
    await app.inject({ method: 'POST', url, ...form({ pauseWeeks: '0' }) })
    expect((await row()).pausedUntil).toBeNull()
  })

  test.for([
    ['cadence', 'hourly', 'Choose daily'],
    ['hour', '24', 'Choose a full hour'],
    ['hour', '1e1', 'Choose a full hour'],
    ['zone', 'Mars/Base', 'time zone is not known'],
    ['zone', 'FOO+3', 'time zone is not known'],
    ['zone', '\u0000', 'time zone is not known'],
    ['size', '7', 'Choose 5, 10, 20 papers'],
    ['pauseWeeks', '-1', 'A pause lasts up to'],
    ['pauseWeeks', '99', 'A pause lasts up to'],
  ])('refuses %s %o beside the field, with nothing saved', async ([field, value, words], { db, site }) => {
    const { url, row } = await reader(db, site.services)
    const before = await row()
    const page = await site.app.inject({
      method: 'POST',
      url,
      ...form({ cadence: 'weekly', size: '5', [field!]: value! }),
    })
    expect(page.statusCode).toBe(422)
    expect(page.body).toContain(words)
    expect(page.body).toContain('Nothing was saved.')
    expect(await row()).toEqual(before)
  })

  test('leads out: its link leaves', async ({ db, site: { app, services } }) => {
    const { url, row } = await reader(db, services)
    const [, leave] = /href="(\/unsubscribe\/[^"]+)"/.exec((await app.inject(url)).body)!
    expect((await app.inject({ method: 'POST', url: leave! })).statusCode).toBe(200)
    expect((await row()).status).toBe('unsubscribed')
    expect((await app.inject(url)).body).toContain('No digest is sent to you.')
  })

  test('opening it changes nothing', async ({ db, site: { app, services } }) => {
    const { url, row } = await reader(db, services)
    const before = await row()
    await app.inject(`${url}?cadence=weekly&saved=`)
    await app.inject({ method: 'HEAD', url })
    expect(await row()).toEqual(before)
  })

  test('of somebody who is gone is an unknown link', async ({ db, site: { app, services } }) => {
    const { url } = await reader(db, services)
    await db.delete(subscribers)
    expect((await app.inject(url)).statusCode).toBe(404)
    expect((await app.inject({ method: 'POST', url, ...form({ hour: '7' }) })).statusCode).toBe(404)
  })
})
