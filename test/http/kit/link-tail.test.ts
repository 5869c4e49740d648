import { expect } from 'vitest'
import { mintToken, type TokenPurpose } from '../../../src/mail/tokens.ts'
import { subscribers } from '../../../src/runtime/db/schema.ts'
import { addSubscriber, releasedEdition } from '../../support/services.ts'
import { routesOf } from '../routes.ts'
import { test } from '../site.ts'

/** What email programs take for a part of a link in plain text, and what browsers send for it. */
const TAILS = ['.', ',', ')', '%3E', '&amp;', '=', '%22', '%C2%A0', '_', '_.', '%', '.?in=mail'] as const

test('a link with a tail leads to the link, on every page behind a token', async ({ site: { app, services } }) => {
  await app.ready()
  const paths = routesOf(app)
    .filter(({ method, path }) => method === 'GET' && path.endsWith('/:token') && !path.startsWith('/api/'))
    .map(({ path }) => path.replace(/:id[^/]*/, '10.1101/2026.04.01.1'))
  expect(paths.length).toBeGreaterThan(8)
  const token = mintToken(services.keys, 'preferences', 1, services.now())
  for (const method of ['GET', 'HEAD'] as const)
    for (const path of paths)
      for (const tail of TAILS) {
        const link = path.replace(':token', token)
        const { statusCode, headers } = await app.inject({ method, url: link + tail })
        expect([statusCode, headers.location]).toEqual([302, link + tail.replace(/^[^?]*/, '')])
      }
})

test('so does a link to a list or an edition', async ({ site: { app, services } }) => {
  await releasedEdition(services, '2026-04-14', 2)
  for (const link of [
    ...['/papers?date=2026-04-14', '/papers?week=2026-W16', '/editions/2026-04-14'],
    '/editions/2026-04-13?kind=weekly',
  ])
    for (const tail of TAILS) {
      const { statusCode, headers } = await app.inject(link + tail)
      expect([link + tail, statusCode, headers.location]).toEqual([link + tail, 302, link])
    }
  for (const whole of ['/papers?date=2026-04-14&utm_source=mail', '/editions/2026-04-14?in=mail'])
    expect([whole, (await app.inject(whole)).statusCode]).toEqual([whole, 200])
})

test('with a tail, the unsubscribe link changes nothing by GET, and unsubscribes by POST', async ({ db, site }) => {
  const { app, services } = site
  for (const tail of TAILS) {
    const id = await addSubscriber(db, `reader-${Math.random()}@example.org`)
    const url = `/unsubscribe/${mintToken(services.keys, 'unsubscribe', id, services.now())}${tail}`
    const status = async () => (await db.select().from(subscribers)).find((each) => each.id === id)!.status
    await app.inject(url)
    expect(await status()).toBe('active')
    expect((await app.inject({ method: 'POST', url })).statusCode).toBe(200)
    expect(await status()).toBe('unsubscribed')
  }
})

test('a forged link stays unknown with a tail, and a tail of letters is no tail', async ({ db, site }) => {
  const id = await addSubscriber(db, 'ada@example.org')
  const own = (purpose: TokenPurpose) => mintToken(site.services.keys, purpose, id, site.services.now())
  for (const token of [`${own('unsubscribe')}x`, `${own('unsubscribe').slice(0, -1)}.`, own('vote')])
    expect((await site.app.inject({ method: 'POST', url: `/unsubscribe/${token}` })).statusCode).toBe(404)
  expect((await db.select().from(subscribers))[0]!.status).toBe('active')
})

test('an API takes tokens as they are', async ({ db, site: { app, services } }) => {
  const id = await addSubscriber(db, 'ada@example.org')
  const token = mintToken(services.keys, 'preferences', id, services.now())
  expect((await app.inject(`/api/v1/preferences/${token}.`)).statusCode).toBe(404)
})
