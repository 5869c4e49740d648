import { expect } from 'vitest'
import { mintToken } from '../../../src/mail/tokens.ts'
import { addressChanges, subscribers } from '../../../src/runtime/db/schema.ts'
import { mintManageToken } from '../../../src/subscription/manage.ts'
import { addSubscriber, NOON, releasedEdition } from '../../support/services.ts'
import { routesOf } from '../routes.ts'
import { type Site, test } from '../site.ts'

/** A German reader with one paper to judge, whose browser prefers English. */
async function germanReader({ services }: Site) {
  const { db, keys } = services
  await releasedEdition(services, '2026-04-14', 1)
  const id = await addSubscriber(db, 'ada@example.org', { locale: 'de', confirmNonce: Buffer.alloc(8, 1) })
  await db.insert(addressChanges).values({
    ...{ subscriberId: id, email: 'ada@new.example', emailKey: 'ada@new.example', addressHash: Buffer.alloc(32, 7) },
    ...{ nonce: Buffer.alloc(8, 2), requestedAt: NOON },
  })
  const [reader] = await db.select().from(subscribers)
  return {
    confirm: mintToken(keys, 'confirm', id, NOON, Buffer.alloc(8, 1)),
    unsubscribe: mintToken(keys, 'unsubscribe', id, NOON),
    preferences: mintToken(keys, 'preferences', id, NOON),
    vote: mintToken(keys, 'vote', id, NOON),
    change: mintToken(keys, 'change', id, NOON, Buffer.alloc(8, 2)),
    manage: mintManageToken(keys, id, NOON, reader!.addressHash!),
  }
}

const headers = { 'accept-language': 'en-GB' }

test('every page behind a personal link is in the reader’s language, not the browser’s', async ({ site }) => {
  const tokens = await germanReader(site)
  const { app } = site
  await app.ready()
  const paths = routesOf(app)
    .filter(({ method, path }) => method === 'GET' && path.endsWith('/:token') && !/^\/(?:admin|api)\//.test(path))
    .map(({ path }) => path)
  expect(paths.length).toBeGreaterThan(8)
  const found = await Promise.all(
    paths.map(async (path) => {
      const [, first] = path.split('/')
      const token = first === 'papers' || first === 'votes' ? tokens.vote : tokens[first as keyof typeof tokens]
      const page = await app.inject({ url: path.replace(/:id[^/]*/, '2604.14000').replace(':token', token), headers })
      return [path, page.statusCode, /<html lang="([\w-]+)">/.exec(page.body)?.[1]]
    }),
  )
  expect(found).toEqual(paths.map((path) => [path, 200, 'de']))
})

test('so are the answers to their buttons', async ({ db, site }) => {
  const { unsubscribe, change, vote } = await germanReader(site)
  for (const [url, status] of [
    [`/change/${change}`, 200],
    [`/unsubscribe/${unsubscribe}`, 200],
    // Unsubscribed by now, so they may not judge papers.
    [`/papers/2604.14000/vote/${vote}`, 403],
    [`/papers/2604.14000/save/${vote}`, 403],
  ] as const) {
    const { statusCode, body } = await site.app.inject({ method: 'POST', url, headers })
    expect([url, statusCode, /<html lang="([\w-]+)">/.exec(body)?.[1]]).toEqual([url, status, 'de'])
  }
  expect((await db.select().from(subscribers))[0]).toMatchObject({ status: 'unsubscribed', email: 'ada@new.example' })
})
