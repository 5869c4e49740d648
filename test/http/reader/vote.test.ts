import { sql } from 'drizzle-orm'
import { describe, expect } from 'vitest'
import { mintToken, type TokenPurpose } from '../../../src/mail/tokens.ts'
import type { Db } from '../../../src/runtime/db/database.ts'
import { addPapers, addSubscriber, NOON } from '../../support/services.ts'
import { form, type Site, test } from '../site.ts'

const token = ({ services }: Site, purpose: TokenPurpose, id: number, at = NOON) =>
  mintToken(services.keys, purpose, id, at)
const votes = async (db: Db) =>
  Number((await db.execute<{ n: string }>(sql`SELECT count(*) AS n FROM votes`)).rows[0]!.n)

/** A reader, a paper, and the email's link to vote for it. */
async function readerAndPaper(db: Db, site: Site) {
  const [paper] = await addPapers(db, '2026-04-14', 1)
  const reader = await addSubscriber(db, 'ada@example.org')
  const link = `/papers/2604.14000/vote/${token(site, 'vote', reader)}`
  return { paper: paper!, reader, link, cookie: { '__Host-reader': token(site, 'reader', reader) } }
}

describe('the vote link in an email', () => {
  test('shows a button, and following it, with GET or HEAD, votes for nothing', async ({ db, site }) => {
    const { link } = await readerAndPaper(db, site)
    const page = await site.app.inject(link)
    expect(page.statusCode).toBe(200)
    expect(page.body).toContain('Vote for this paper?')
    expect(page.headers['x-robots-tag']).toBe('noindex')
    expect(page.headers['cache-control']).toBe('no-store')
    expect(page.headers['set-cookie']).toBeUndefined()
    await site.app.inject({ method: 'HEAD', url: link })
    expect(await votes(db)).toBe(0)
  })

  test('votes by its button, once, and sets the reader cookie', async ({ db, site }) => {
    const { link } = await readerAndPaper(db, site)
    for (let press = 0; press < 2; press++) {
      const pressed = await site.app.inject({ method: 'POST', url: link })
      expect(pressed.statusCode).toBe(303)
      expect(pressed.headers.location).toBe(link)
      const cookie = String(pressed.headers['set-cookie'])
      expect(cookie).toMatch(/^__Host-reader=[\w-]+; Max-Age=31536000; Path=\/; HttpOnly; Secure; SameSite=Lax$/)
    }
    expect(await votes(db)).toBe(1)
    expect((await site.app.inject(link)).body).toContain('You voted for this paper')
  })

  test('undoes the vote', async ({ db, site }) => {
    const { link } = await readerAndPaper(db, site)
    await site.app.inject({ method: 'POST', url: link })
    const undone = await site.app.inject({ method: 'POST', url: `${link}/undo` })
    expect(undone.statusCode).toBe(303)
    expect(await votes(db)).toBe(0)
  })

  test.for(['confirm', 'unsubscribe', 'preferences', 'reader'] as const)(
    'is no other link: a token to %s does not vote',
    async (purpose, { db, site }) => {
      const { paper, reader } = await readerAndPaper(db, site)
      const url = `/papers/${paper}/vote/${token(site, purpose, reader)}`
      expect((await site.app.inject(url)).statusCode).toBe(404)
      expect((await site.app.inject({ method: 'POST', url })).statusCode).toBe(404)
      expect(await votes(db)).toBe(0)
    },
  )

  test('does nothing but vote', async ({ db, site }) => {
    const { reader } = await readerAndPaper(db, site)
    for (const path of ['preferences', 'unsubscribe', 'confirm'])
      expect((await site.app.inject(`/${path}/${token(site, 'vote', reader)}`)).statusCode).toBe(404)
  })

  test('expires after 60 days', async ({ db, site }) => {
    const { paper, reader } = await readerAndPaper(db, site)
    const aged = (days: number) =>
      `/papers/${paper}/vote/${token(site, 'vote', reader, new Date(NOON.getTime() - days * 86_400_000))}`
    expect((await site.app.inject(aged(59))).statusCode).toBe(200)
    expect((await site.app.inject({ method: 'POST', url: aged(61) })).statusCode).toBe(410)
    for (const url of [aged(61), `/votes/${aged(61).split('/').at(-1)}`]) {
      const { body } = await site.app.inject(url)
      expect(body).toContain('work for 60 days. Your newest email has fresh ones.')
      expect(body).not.toContain('It was already used')
    }
    expect(await votes(db)).toBe(0)
  })

  test('of an unsubscribed reader says why it does not count', async ({ db, site }) => {
    const { link } = await readerAndPaper(db, site)
    await db.execute(sql`UPDATE subscribers SET status = 'unsubscribed'`)
    const pressed = await site.app.inject({ method: 'POST', url: link })
    expect(pressed.statusCode).toBe(403)
    expect(pressed.body).toContain('Only confirmed readers can vote')
    expect(pressed.headers['set-cookie']).toBeUndefined()
  })

  test('to an unknown paper is 404', async ({ db, site }) => {
    const { reader } = await readerAndPaper(db, site)
    for (const id of ['999999', '0', '-1', '1.5', 'abc', '99999999999999999999'])
      expect((await site.app.inject(`/papers/${id}/vote/${token(site, 'vote', reader)}`)).statusCode).toBe(404)
  })
})

describe('▲ in a list', () => {
  test('votes with the reader cookie, returns to the list, and shows the vote', async ({ db, site }) => {
    const { paper, cookie } = await readerAndPaper(db, site)
    const back = `/papers?date=2026-04-14#p${paper}`
    const voted = await site.app.inject({
      method: 'POST',
      url: `/papers/${paper}/vote`,
      cookies: cookie,
      ...form({ back }),
    })
    expect(voted.statusCode).toBe(303)
    expect(voted.headers.location).toBe(back)
    expect(await votes(db)).toBe(1)
    const page = await site.app.inject({ url: '/', cookies: cookie })
    expect(page.body).toContain('action="/papers/2604.14000/vote/undo"')
    expect(page.body).toContain('101 votes')
    expect(page.headers['cache-control']).toBe('no-store')
    await site.app.inject({ method: 'POST', url: `/papers/${paper}/vote/undo`, cookies: cookie })
    expect(await votes(db)).toBe(0)
  })

  test('without the cookie shows how to vote, and no reader’s votes', async ({ db, site }) => {
    const { paper, cookie } = await readerAndPaper(db, site)
    await site.app.inject({ method: 'POST', url: `/papers/${paper}/vote`, cookies: cookie })
    const pressed = await site.app.inject({ method: 'POST', url: `/papers/${paper}/vote` })
    expect(pressed.statusCode).toBe(303)
    expect(pressed.headers.location).toBe('/papers/2604.14000/vote')
    const how = await site.app.inject(`/papers/${paper}/vote`)
    expect(how.body).toContain('How to vote')
    expect(how.body).toContain('action="/subscribe"')
    const page = await site.app.inject('/')
    expect(page.body).not.toContain('/vote/undo')
    expect(page.headers['cache-control']).toContain('public')
    expect(page.headers.vary).toContain('cookie')
    expect(await votes(db)).toBe(1)
  })

  test.for(['//evil.example', '/\\evil.example', 'https://evil.example/', 'javascript:alert(1)', '', '/ok\r\nx: y'])(
    'never leads to another site (%s)',
    async (back, { db, site }) => {
      const { paper, cookie } = await readerAndPaper(db, site)
      const url = `/papers/${paper}/vote`
      const voted = await site.app.inject({ method: 'POST', url, cookies: cookie, ...form({ back }) })
      expect(voted.headers.location).toBe('/papers/2604.14000')
    },
  )

  test.for([
    [{ 'sec-fetch-site': 'cross-site' }, 403],
    [{ 'sec-fetch-site': 'same-site' }, 403],
    [{ origin: 'https://evil.example' }, 403],
    [{ 'sec-fetch-site': 'same-origin', origin: 'null' }, 303],
    [{ origin: 'https://paperboy.example' }, 303],
    [{}, 303],
  ] as const)('pressed with %j answers %i', async ([headers, status], { db, site }) => {
    const { paper, cookie } = await readerAndPaper(db, site)
    const url = `/papers/${paper}/vote`
    expect((await site.app.inject({ method: 'POST', url, cookies: cookie, headers })).statusCode).toBe(status)
    expect(await votes(db)).toBe(status === 303 ? 1 : 0)
  })

  test('rejects a forged cookie and one over a year old', async ({ db, site }) => {
    const { paper, reader } = await readerAndPaper(db, site)
    const old = token(site, 'reader', reader, new Date(NOON.getTime() - 366 * 86_400_000))
    for (const forged of [old, token(site, 'vote', reader), 'x', '']) {
      const cookies = { '__Host-reader': forged }
      await site.app.inject({ method: 'POST', url: `/papers/${paper}/vote`, cookies })
    }
    expect(await votes(db)).toBe(0)
  })
})

describe('your votes', () => {
  test('are listed only with the reader cookie', async ({ db, site }) => {
    const { paper, cookie } = await readerAndPaper(db, site)
    await site.app.inject({ method: 'POST', url: `/papers/${paper}/vote`, cookies: cookie })
    const own = await site.app.inject({ url: '/votes', cookies: cookie })
    expect(own.body).toContain('Paper 1 of 2026-04-14')
    expect(own.body).toContain('voted on Wednesday, 15 April 2026')
    expect((await site.app.inject('/votes')).body).not.toContain('Paper 1 of')
  })

  test('page on after fifty, and a button on a later page leads back to it', async ({ db, site }) => {
    const { reader, cookie } = await readerAndPaper(db, site)
    await addPapers(db, '2026-04-13', 51)
    await db.execute(sql`INSERT INTO votes (subscriber_id, paper_id, cast_at, network)
      SELECT ${reader}, id, ${NOON}::timestamptz - id * interval '1 second', '\\x00' FROM papers WHERE list_day = '2026-04-13'`)
    const open = async (url: string) => (await site.app.inject({ url, cookies: cookie })).body
    const [, next] = /rel="next" href="([^"]+)"/.exec(await open('/votes'))!
    const [, action, back] =
      /action="([^"]+\/vote\/undo)"[^>]*>\s*<input type="hidden" name="back" value="([^"#]+)/.exec(await open(next!))!
    expect(back).toBe(next)
    await site.app.inject({ method: 'POST', url: action!, cookies: cookie })
    const empty = await site.app.inject({ url: next!, cookies: cookie })
    expect([empty.statusCode, empty.headers.location], 'without a vote left').toEqual([302, '/votes'])
  })

  test('open from an emailed link only by its button', async ({ db, site }) => {
    const { reader } = await readerAndPaper(db, site)
    const link = `/votes/${token(site, 'vote', reader)}`
    const page = await site.app.inject(link)
    expect(page.statusCode).toBe(200)
    expect(page.headers['set-cookie']).toBeUndefined()
    const pressed = await site.app.inject({ method: 'POST', url: link })
    expect(pressed.headers.location).toBe('/votes')
    const cookies = { '__Host-reader': /=([^;]+)/.exec(String(pressed.headers['set-cookie']))![1]! }
    expect((await site.app.inject({ url: '/votes', cookies })).body).toContain('Your votes')
  })

  test('a form of another site makes no browser another reader’s, though the link counts', async ({ db, site }) => {
    const { paper, reader, link } = await readerAndPaper(db, site)
    const own = token(site, 'vote', reader)
    const judged = ['save', 'not-interested', 'more-like'].map((kind) => `/papers/${paper}/${kind}/${own}`)
    for (const url of [`/votes/${own}`, link, ...judged, ...judged.map((each) => `${each}/undo`)])
      for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { origin: 'https://evil.example' }]) {
        const pressed = await site.app.inject({ method: 'POST', url, headers })
        expect([url, pressed.statusCode, pressed.headers['set-cookie']]).toEqual([url, 303, undefined])
      }
    expect(await votes(db)).toBe(1)
  })

  test('stay when the cookie is cleared', async ({ db, site }) => {
    const { paper, cookie } = await readerAndPaper(db, site)
    await site.app.inject({ method: 'POST', url: `/papers/${paper}/vote`, cookies: cookie })
    const forgot = await site.app.inject({ method: 'POST', url: '/votes/forget', cookies: cookie })
    expect(String(forgot.headers['set-cookie'])).toContain('Expires=Thu, 01 Jan 1970')
    expect([forgot.statusCode, forgot.headers.location]).toEqual([303, '/votes?forgotten='])
    expect((await site.app.inject('/votes?forgotten=')).body).toContain('This browser is signed out of voting')
    expect(await votes(db)).toBe(1)
    const restored = await site.app.inject({ url: '/votes/forget', cookies: cookie })
    expect([restored.statusCode, restored.headers.location], 'its address, opened again').toEqual([302, '/votes'])
    expect(restored.headers['set-cookie']).toBeUndefined()
  })
})

test('logs contain no token and no cookie', async ({ db, site }) => {
  const { paper, link, cookie } = await readerAndPaper(db, site)
  await site.app.inject({ method: 'POST', url: link })
  await site.app.inject({ method: 'POST', url: `/papers/${paper}/vote`, cookies: cookie })
  expect(site.logged()).toContain('/papers/:id/vote/:token')
  expect(site.logged()).not.toContain(link.split('/').at(-1))
  expect(site.logged()).not.toContain(cookie['__Host-reader'])
})

test('a known reader’s vote for their own suggestion does not count', async ({ db, site }) => {
  const { reader, cookie } = await readerAndPaper(db, site)
  const propose = (paper: string, cookies = {}) =>
    site.app.inject({ method: 'POST', url: '/submit', cookies, ...form({ paper }) })
  await propose('https://arxiv.org/abs/2507.06261v2', cookie)
  await propose('2507.00001')
  expect((await db.execute(sql`SELECT source_id, subscriber_id FROM paper_submitters`)).rows).toEqual([
    { source_id: '2507.06261', subscriber_id: String(reader) },
  ])
})
