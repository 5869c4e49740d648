import { eq, sql } from 'drizzle-orm'
import { describe, expect } from 'vitest'
import { planAll } from '../../src/delivery/plan/plan-all.ts'
import { assemble } from '../../src/edition/draft/assemble.ts'
import { MOST_LISTENERS } from '../../src/http/admin/live-progress.ts'
import { timelineOf } from '../../src/http/admin/timeline.ts'
import type { Db } from '../../src/runtime/db/database.ts'
import { auditLog, deliveries, editionNotices, editions, papers } from '../../src/runtime/db/schema.ts'
import { addPapers, addReaders, releasedEdition } from '../support/services.ts'
import { openSink } from '../support/sink.ts'
import { CURATOR, OPERATOR, signedIn, test } from './admin.ts'
import type { Site } from './site.ts'

const DAY = '2026-04-14'
const DESK = `/admin/editions/daily/${DAY}`
const paperId = (n: number) => `2604.14${String(n - 1).padStart(3, '0')}`

async function draftOn(site: Site, papers = 4) {
  await addPapers(site.services.db, DAY, papers)
  await assemble(site.services, { date: DAY })
}
const editionOf = async (db: Db) => (await db.select().from(editions).where(eq(editions.date, DAY)))[0]!
const lastAudit = async (db: Db) => {
  const rows = await db.select().from(auditLog).orderBy(auditLog.id)
  return rows.map(({ action, target }) => `${action} ${target}`).at(-1)
}
/** The fingerprint in the form with this action. */
const seenBy = (body: string, action: string) =>
  new RegExp(`action="[^"]*/${action}">.*?name="seen" value="([^"]+)"`, 's').exec(body)![1]!

test('a draft of one paper says so', async ({ site }) => {
  await draftOn(site, 1)
  const { body } = await (await signedIn(site)).get(DESK)
  expect(body).toContain('<span>1 paper</span>')
})

describe('two admins', () => {
  test('the second of two saves is refused, keeps the typed words, and can then replace the others knowingly', async ({
    db,
    site,
  }) => {
    await draftOn(site)
    const [one, other] = [await signedIn(site), await signedIn(site, OPERATOR)]
    const seen = seenBy((await one.get(DESK)).body, 'wording')
    expect((await one.post(`${DESK}/wording`, { note: 'Mine.', seen })).statusCode).toBe(303)
    const late = await other.post(`${DESK}/wording`, { note: 'Yours & more.', seen })
    expect([late.statusCode, (await editionOf(db)).editorNote]).toEqual([409, 'Mine.'])
    expect(late.body).toContain('Another person changed these words')
    expect(late.body).toContain('Yours &amp; more.</textarea>')
    expect(late.body).toContain('<dt>Note</dt><dd>Mine.</dd>')
    const again = seenBy(late.body, 'wording')
    expect((await other.post(`${DESK}/wording`, { note: 'Yours & more.', seen: again })).statusCode).toBe(303)
    expect((await editionOf(db)).editorNote).toBe('Yours & more.')
  })

  test('an edition that changed since the page was opened is not released', async ({ db, site }) => {
    await draftOn(site)
    const browser = await signedIn(site)
    const seen = seenBy((await browser.get(DESK)).body, 'release')
    await (await signedIn(site, OPERATOR)).post(`${DESK}/papers/${paperId(1)}/drop`)
    const late = await browser.post(`${DESK}/release`, { sure: 'yes', seen })
    expect([late.statusCode, (await editionOf(db)).state]).toEqual([409, 'draft'])
    expect(late.body).toContain('Another person changed this')
    const now = seenBy((await browser.get(DESK)).body, 'release')
    expect((await browser.post(`${DESK}/release`, { sure: 'yes', seen: now })).statusCode).toBe(303)
  })

  test('an edition that was released since the page was opened is not cancelled as a draft', async ({ db, site }) => {
    await draftOn(site)
    const browser = await signedIn(site)
    const fields = async () => ({ sure: 'yes', seen: seenBy((await browser.get(DESK)).body, 'cancel') })
    const early = await fields()
    await (await signedIn(site, OPERATOR)).post(`${DESK}/release`, { sure: 'yes' })
    const late = await browser.post(`${DESK}/cancel`, early)
    expect([late.statusCode, (await editionOf(db)).state]).toEqual([409, 'released'])
    const now = await fields()
    // Sending begins by itself, and is no reason to refuse.
    await db.update(editions).set({ state: 'sending' })
    expect((await browser.post(`${DESK}/cancel`, now)).statusCode).toBe(303)
    expect((await editionOf(db)).state).toBe('cancelled')
  })

  test('new votes alone do not make the page stale', async ({ db, site }) => {
    await draftOn(site)
    const browser = await signedIn(site)
    const seen = seenBy((await browser.get(DESK)).body, 'release')
    await db.execute(sql`UPDATE signals SET votes = 1000 - votes`)
    await assemble(site.services, { date: DAY })
    expect((await browser.post(`${DESK}/release`, { sure: 'yes', seen })).statusCode).toBe(303)
  })
})

test('a note as long as its field allows is saved: a browser counts a line break once, and sends two characters', async ({
  db,
  site,
}) => {
  await draftOn(site)
  const browser = await signedIn(site)
  const lines = (length: number) => ['Line.', 'Line.', 'x'.repeat(length - 12)]
  const sent = (length: number) => lines(length).join('\r\n')
  expect((await browser.post(`${DESK}/wording`, { note: sent(1000) })).statusCode).toBe(303)
  expect((await editionOf(db)).editorNote).toBe(lines(1000).join('\n'))
  expect((await browser.post(`${DESK}/papers/${paperId(1)}/note`, { note: sent(500) })).statusCode).toBe(303)
})

test('bad input gets a clear message, keeps the typed words, and saves no half', async ({ db, site }) => {
  await draftOn(site)
  const browser = await signedIn(site)
  const bad = await browser.post(`${DESK}/wording`, { note: 'Good.', subject: 'Good', sponsorName: 'Acme' })
  expect([bad.statusCode, bad.body.includes('needs a name, a text and a link')]).toEqual([422, true])
  expect(bad.body).toContain('Good.</textarea>')
  expect(await editionOf(db)).toMatchObject({ editorNote: null, ownSubject: null, sponsor: null })
  const past = await browser.post(`${DESK}/schedule`, { at: '2026-04-01T00:00' })
  expect(past.body).toContain('value="2026-04-01T00:00" aria-invalid="true"')
  expect(past.body).toMatch(/id="release-at-problem">[^<]* has passed/)
  for (const [url, fields, status] of [
    ['schedule', { at: 'soon' }, 422],
    ['schedule', { at: '2026-04-01T00:00' }, 422],
    [`papers/${paperId(1)}/pin`, { place: 'x' }, 422],
    [`papers/${paperId(1)}/pin`, { place: '0' }, 422],
    [`papers/${paperId(1)}/note`, { note: 'x'.repeat(501) }, 422],
    ['correction', { words: 'x' }, 409],
    ['recall', { sure: 'yes' }, 409],
    ['again', { only: 'refused', sure: 'yes' }, 409],
  ] as const)
    expect([url, (await browser.post(`${DESK}/${url}`, fields)).statusCode]).toEqual([url, status])
  expect(await editionOf(db)).toMatchObject({ state: 'draft', releaseAt: new Date('2026-04-15T03:00:00Z') })
})

test('a note’s preview shows it, and saves nothing', async ({ db, site }) => {
  await draftOn(site)
  const { statusCode, body } = await (await signedIn(site)).post(`${DESK}/wording`, {
    note: 'See *this* [paper](2604.14001) <b>.',
    do: 'preview',
  })
  expect(statusCode).toBe(200)
  expect(body).toContain('See <em>this</em> <a href="/papers/2604.14001">paper</a> &lt;b&gt;.')
  expect(body).toContain('See *this* [paper](2604.14001) &lt;b&gt;.</textarea>')
  expect((await editionOf(db)).editorNote).toBeNull()
})

test('a paper is added by its link, or found by words', async ({ db, site }) => {
  await draftOn(site)
  await addPapers(db, '2026-04-10', 2)
  const browser = await signedIn(site)
  const added = await browser.post(`${DESK}/papers`, { paper: ' https://arxiv.org/abs/2604.10001v2 ' })
  expect(added.headers.location).toBe(`${DESK}#p-2604-10001`)
  expect(await lastAudit(db)).toBe(`added paper 2604.10001 to the daily edition of ${DAY}`)
  const { body } = await browser.get(DESK)
  expect(body).toContain('Added from 10 April 2026.')
  expect(body.indexOf('Paper 2 of 2026-04-10')).toBeLessThan(body.indexOf(`Paper 1 of ${DAY}`))
  const words = await browser.post(`${DESK}/papers`, { paper: 'paper 1 & more' })
  expect(words.headers.location).toBe(`${DESK}/add?q=paper%201%20%26%20more`)
})

test('a test email goes to the signed-in admin alone, whatever the form says', async ({ db, site }) => {
  const sink = await openSink()
  try {
    await draftOn(site)
    await addReaders(db, 3)
    site.services.config.SMTP_URL = sink.url
    const browser = await signedIn(site)
    const { statusCode, body } = await browser.post(`${DESK}/test`, {
      email: 'reader-1@example.org',
      to: 'reader-2@example.org',
    })
    expect([statusCode, body.includes('accepted the test')]).toEqual([200, true])
    expect(sink.taken.map(({ to }) => to.toLowerCase())).toEqual([CURATOR.toLowerCase()])
    expect(await db.$count(deliveries)).toBe(0)
    expect(await lastAudit(db)).toBe(`sent a test of the daily edition of ${DAY}`)
    expect(site.logged()).not.toContain(CURATOR)
  } finally {
    await sink.close()
  }
})

test('a correction stands on the public page at once', async ({ db, site }) => {
  await releasedEdition(site.services, DAY, 3)
  const browser = await signedIn(site)
  expect((await browser.post(`${DESK}/correction`, { words: 'The <first> title was wrong.' })).statusCode).toBe(303)
  expect(await db.$count(editionNotices)).toBe(1)
  expect((await site.app.inject(`/editions/${DAY}`)).body).toContain('The &lt;first&gt; title was wrong.')
})

test('an edition that a person released before the close has a fixed order, and says when its emails begin', async ({
  db,
  site,
}) => {
  await addReaders(db, 3)
  await releasedEdition(site.services, '2026-04-15', 3)
  const browser = await signedIn(site)
  const page = (await browser.get('/admin/editions/daily/2026-04-15')).body
  expect(page).toContain('Votes no longer count')
  expect(page).not.toMatch(/Votes still count|List close/)
  const { body } = await browser.get('/admin/editions/daily/2026-04-15/deliveries')
  expect(body).toContain('The first email leaves 16 April 2026, 08:00 UTC. Readers to come: 3.')
})

test.for([
  ['2026-04-15T01:00:00Z', 'List closes'],
  ['2026-04-15T03:00:00Z', 'List closed'],
] as const)(
  'the timeline at %s names the close of the list, which makes no ranking final by itself: %s',
  ([now, what]) => {
    const closesAt = new Date('2026-04-15T02:00:00Z')
    const times = { closesAt, releaseAt: new Date('2026-04-15T04:00:00Z'), releasedAt: null, lastAt: null }
    const steps = timelineOf({ ...times, now: new Date(now), held: false, state: 'draft' })
    expect(steps.find(({ time }) => time === '02:00')).toMatchObject({ what })
    expect(steps.map((step) => step.what)).not.toContain('Final ranking')
  },
)

describe('deliveries', () => {
  async function sending(site: Site, readers = 6) {
    const { db } = site.services
    await addReaders(db, readers)
    const id = await releasedEdition(site.services, DAY, 3)
    await planAll(site.services, id)
    return id
  }

  test('lists the refused with the relay’s reply and code, and sends them again by choice', async ({ db, site }) => {
    await sending(site)
    await db.execute(
      sql`UPDATE deliveries SET state = 'refused', hand_overs = 1, relay = 'main', reply = '550 5.7.1 <b> [address]', settled_at = now()`,
    )
    await db.execute(sql`UPDATE deliveries SET state = 'accepted', reply = '250 ok' WHERE subscriber_id % 2 = 0`)
    await db.execute(sql`UPDATE batches SET state = 'done'`)
    const browser = await signedIn(site)
    const { body } = await browser.get(`${DESK}/deliveries?state=refused`)
    expect(body).toContain('>5.7.1</td><td data-label="Relay’s reply">main: 550 5.7.1 &lt;b&gt; [address]')
    expect(body.match(/@example\.org/g)).toHaveLength(3)
    expect((await browser.post(`${DESK}/again`, { only: 'refused' })).statusCode).toBe(422)
    expect((await browser.post(`${DESK}/again`, { sure: 'yes' })).statusCode).toBe(422)
    expect(await db.$count(deliveries, eq(deliveries.state, 'queued'))).toBe(0)
    expect((await browser.post(`${DESK}/again`, { only: 'refused', sure: 'yes' })).statusCode).toBe(303)
    expect(await db.$count(deliveries, eq(deliveries.state, 'queued'))).toBe(3)
    expect(await lastAudit(db)).toBe(`queued refused deliveries again of the daily edition of ${DAY}`)
  })

  test('the stream tells counts as they change, ends with the edition, and needs a session', async ({ db, site }) => {
    await sending(site)
    const browser = await signedIn(site)
    const events = `${DESK}/deliveries/events`
    expect((await site.app.inject(events)).statusCode).toBe(401)
    await site.app.listen({ port: 0, host: '127.0.0.1' })
    const { port } = site.app.server.address() as { port: number }
    const cookie = Object.entries(browser.cookies)
      .map(([name, value]) => `${name}=${value}`)
      .join('; ')
    const reply = await fetch(`http://127.0.0.1:${port}${events}`, { headers: { cookie } })
    expect(reply.headers.get('content-type')).toContain('text/event-stream')
    const reader = reply.body!.pipeThrough(new TextDecoderStream()).getReader()
    let read = ''
    const until = async (found: RegExp) => {
      while (!found.test(read)) {
        const { value, done } = await reader.read()
        if (done) break
        read += value
      }
      return found.exec(read)?.[0]
    }
    expect(await until(/data: .*\n\n/)).toContain('"edition":"sending","total":"6","done":"0","share":0')
    read = ''
    await db.execute(sql`UPDATE deliveries SET state = 'accepted'`)
    await db.update(editions).set({ state: 'sent' })
    const last = await until(/data: .*\n\n/)
    expect(last).toContain('"edition":"sent","total":"6","done":"6","share":100')
    const { figures } = JSON.parse(last!.slice(6)) as { figures: [string, string][] }
    expect(figures.reduce((sum, [, count]) => sum + Number(count), 0)).toBe(6)
    expect((await reader.read()).done, 'the stream ends').toBe(true)
  })

  test('one statement at a time serves every page; there is a limit; closing ends them all', async ({ db, site }) => {
    const id = await sending(site)
    const { openLiveProgress } = await import('../../src/http/admin/live-progress.ts')
    let statements = 0
    const counting = new Proxy(db, {
      get: (target, name) => {
        if (name === 'execute') statements++
        return Reflect.get(target, name)
      },
    })
    const live = openLiveProgress({ ...site.services, db: counting })
    const heard = { counts: 0, ends: 0 }
    const listener = () => ({ onCounts: () => void heard.counts++, onEnd: () => void heard.ends++ })
    const ends = Array.from({ length: MOST_LISTENERS }, () => live.watch(id, listener()))
    expect(ends.every((end) => end !== undefined)).toBe(true)
    expect(live.watch(id, listener())).toBeUndefined()
    await expect.poll(() => heard.counts).toBe(MOST_LISTENERS)
    expect(statements).toBe(1)
    ends[0]!()
    expect(live.watch(id, listener()), 'room again').toBeDefined()
    live.close()
    expect(heard.ends).toBe(MOST_LISTENERS)
    expect(live.watch(id, listener())).toBeUndefined()
  })
})

test('a title and an organisation from right to left keep their place in a line', async ({ db, site }) => {
  await draftOn(site)
  const [title, organization] = ['نموذج اللغة', 'جامعة القاهرة']
  await db.update(papers).set({ title, shownTitle: null, organization, codeUrl: 'https://code.example/x' })
  const browser = await signedIn(site)
  await browser.post(`${DESK}/papers/${paperId(1)}/drop`)
  const { body } = await browser.get(DESK)
  expect(body).toContain(`\u2068${organization}\u2069 · Code`)
  expect(body.match(new RegExp(`dir="auto">${title}</a>`, 'g')), 'each row, also of a dropped paper').toHaveLength(4)
})
