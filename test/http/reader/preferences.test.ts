import { eq } from 'drizzle-orm'
import { describe, expect } from 'vitest'
import { mintToken } from '../../../src/mail/tokens.ts'
import { indexPapers } from '../../../src/papers/search/index-papers.ts'
import { castVote } from '../../../src/papers/votes/cast.ts'
import type { Db } from '../../../src/runtime/db/database.ts'
import { papers, subscribers } from '../../../src/runtime/db/schema.ts'
import type { Services } from '../../../src/runtime/services.ts'
import { addPapers, addSubscriber, NOON } from '../../support/services.ts'
import { form, test } from '../site.ts'

async function reader(db: Db, { keys }: Services, values: Parameters<typeof addSubscriber>[2] = {}) {
  const id = await addSubscriber(db, 'ada@example.org', { zone: 'Europe/Berlin', ...values })
  const row = async () => (await db.select().from(subscribers).where(eq(subscribers.id, id)))[0]!
  return { url: `/preferences/${mintToken(keys, 'preferences', id, NOON)}`, row }
}

const api = (url: string) => `/api/v1${url}`

describe('the preferences page', () => {
  test('shows the current choices, and never the address', async ({ db, site: { app, services } }) => {
    const { url } = await reader(db, services)
    const page = await app.inject(url)
    expect(page.statusCode).toBe(200)
    expect(page.body).toContain('<option value="Europe/Berlin" selected>')
    expect(page.body).toMatch(/value="daily"[^>]* checked/)
    expect(page.body).toMatch(/<option value="8"[^>]* selected[^>]*>08:00</)
    expect(page.body).not.toContain('ada@')
    expect(page.headers).toMatchObject({ 'cache-control': 'no-store', 'x-robots-tag': 'noindex' })
  })

  test('and the welcome show UTC for a time zone that only the database knows', async ({
    db,
    site: { app, services },
  }) => {
    const { url } = await reader(db, services, { zone: 'Europe/Newtown' })
    expect((await app.inject(url)).statusCode).toBe(200)
    const welcome = await app.inject(`/welcome?choose=${url.split('/').at(-1)}`)
    expect([welcome.statusCode, welcome.body]).toEqual([200, expect.stringContaining('12:00')])
    expect(welcome.body).not.toContain('Newtown')
  })

  test('and the welcome offer the topics of the newest papers, however long ago they came', async ({
    db,
    site: { app, services },
  }) => {
    await addPapers(db, '2025-12-01', 3)
    await db.update(papers).set({ topics: ['agents'] })
    const { url } = await reader(db, services)
    const choose = url.split('/').at(-1)!
    for (const page of [url, `/welcome?choose=${choose}`])
      expect((await app.inject(page)).body, page).toContain('name="topics" value="agents"')
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
    expect(page.body).toMatch(/value="weekdays"[^>]* checked/)
  })

  test('says until when a pause lasts, and ends it', async ({ db, site: { app, services } }) => {
    const { url, row } = await reader(db, services)
    await app.inject({ method: 'POST', url, ...form({ pauseWeeks: '2' }) })
    expect((await app.inject(`${url}?saved=`)).body).toContain(
      'Your digests are paused until Wednesday, 29 April 2026.',
    )
    expect((await app.inject(url)).body).toContain('Your digests are paused until Wednesday, 29 April 2026.')
    await app.inject({ method: 'POST', url, ...form({ pauseWeeks: '0' }) })
    expect((await row()).pausedUntil).toBeNull()
  })

  test.for([
    ['cadence', 'hourly', 'Choose daily'],
    ['hour', '24', 'Choose a full hour'],
    ['hour', '1e1', 'Choose a full hour'],
    ['zone', 'Mars/Base', 'We don’t know this time zone'],
    ['zone', 'FOO+3', 'We don’t know this time zone'],
    ['zone', '\u0000', 'We don’t know this time zone'],
    ['size', '7', 'Choose 5, 10 or 20 papers'],
    ['pauseWeeks', '-1', 'A pause can last up to'],
    ['pauseWeeks', '99', 'A pause can last up to'],
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

  test('links to unsubscribe', async ({ db, site: { app, services } }) => {
    const { url, row } = await reader(db, services)
    const [, leave] = /href="(\/unsubscribe\/[^"]+)"/.exec((await app.inject(url)).body)!
    expect((await app.inject({ method: 'POST', url: leave! })).statusCode).toBe(200)
    expect((await row()).status).toBe('unsubscribed')
    expect((await app.inject(url)).body).toContain('You’re not getting digests.')
  })

  test('opening it changes nothing', async ({ db, site: { app, services } }) => {
    const { url, row } = await reader(db, services)
    const before = await row()
    await app.inject(`${url}?cadence=weekly&saved=`)
    await app.inject({ method: 'HEAD', url })
    expect(await row()).toEqual(before)
  })

  test('an erased reader’s link is unknown', async ({ db, site: { app, services } }) => {
    const { url } = await reader(db, services)
    await db.delete(subscribers)
    expect((await app.inject(url)).statusCode).toBe(404)
    expect((await app.inject({ method: 'POST', url, ...form({ hour: '7' }) })).statusCode).toBe(404)
  })
})

describe('the new choices', () => {
  const chosen = {
    cadence: 'weekly',
    weekday: '5',
    keywords: ' sparse  attention, LoRA,, lora ',
    likeVoted: 'yes',
    sourceLinks: 'yes',
    abstracts: 'yes',
    locale: 'de',
    format: 'text',
    pausedUntil: '2026-05-04',
  }

  test('may be separated by the commas of any keyboard', async ({ db, site: { app, services } }) => {
    await addPapers(db, '2026-04-14', 2)
    const { url, row } = await reader(db, services, {})
    const payload = {
      keywords: '扩散模型，注意力、LoRA, تعلم عميق، speech',
      authors: '王伟、李娜；Yejin Choi',
      organisations: '清华大学；Google, Inc.',
      likePapers: '2604.14000，2604.14001',
    }
    await app.inject({ method: 'POST', url, ...form(payload) })
    expect(await row()).toMatchObject({
      keywords: ['扩散模型', '注意力', 'LoRA', 'تعلم عميق', 'speech'],
      authors: ['王伟', '李娜', 'Yejin Choi'],
      organisations: ['清华大学', 'Google, Inc.'],
      likePapers: ['2604.14000', '2604.14001'],
    })
  })

  test('are saved, shown back in the reader’s language, and undone', async ({ db, site: { app, services } }) => {
    const { url, row } = await reader(db, services, { topics: ['robotics'] })
    const payload = `${new URLSearchParams(chosen)}&topics=&topics=speech&topics=vision`
    const reply = await app.inject({ method: 'POST', url, ...form({}), payload })
    expect(reply.statusCode).toBe(303)
    expect(await row()).toMatchObject({
      cadence: 'weekly',
      weekday: 5,
      topics: ['speech', 'vision'],
      keywords: ['sparse attention', 'LoRA', 'lora'],
      likeVoted: true,
      sourceLinks: true,
      abstracts: true,
      locale: 'de',
      format: 'text',
      pausedUntil: new Date('2026-05-03T22:00:00Z'),
    })
    const page = await app.inject(reply.headers.location!)
    expect(page.body).toContain('<html lang="de">')
    expect(page.body).toContain('Ihre Ausgaben pausieren bis Montag, 4. Mai 2026.')
    expect(page.body).toContain('value="speech" checked')
    expect(page.body).toContain('value="sparse attention, LoRA, lora"')
    expect(page.body).toContain('value="2026-05-04"')

    const [, undo] = /action="([^"]+\/undo)"/.exec(page.body)!
    const undone = await app.inject({ method: 'POST', url: undo!, ...form({}) })
    expect(await row()).toMatchObject({
      cadence: 'daily',
      topics: ['robotics'],
      keywords: [],
      locale: 'en',
      pausedUntil: null,
    })
    expect((await app.inject(undone.headers.location!)).body).toContain('Undone.')
  })

  describe('pressed twice, as by a double click on a slow network,', () => {
    /** Sends a form of a page, with its hidden fields, as often as its button is pressed. */
    const undoOf = (page: string) => {
      const [, action, fields] = /action="([^"]+\/undo)">(.*?)<\/form>/s.exec(page)!
      const hidden = [...fields!.matchAll(/name="([^"]+)" value="([^"]*)"/g)].map(([, name, value]) => [name!, value!])
      return { method: 'POST', url: action!, ...form(hidden as [string, string][]) } as const
    }

    test('Undo undoes, and says so', async ({ db, site: { app, services } }) => {
      const { url, row } = await reader(db, services)
      const saved = await app.inject({ method: 'POST', url, ...form({ hour: '20' }) })
      const undo = undoOf((await app.inject(saved.headers.location!)).body)
      const replies = [await app.inject(undo), await app.inject(undo)]
      expect((await row()).hour).toBe(8)
      for (const { headers } of replies) expect((await app.inject(headers.location!)).body).toContain('Undone.')
    })

    test('Undo of an earlier change undoes no later one, and does not say that it did', async ({ db, site }) => {
      const { app, services } = site
      const { url, row } = await reader(db, services)
      const saved = await app.inject({ method: 'POST', url, ...form({ hour: '20' }) })
      const undo = undoOf((await app.inject(saved.headers.location!)).body)
      await app.inject({ method: 'POST', url, ...form({ size: '5' }) })
      const { headers } = await app.inject(undo)
      expect(await row()).toMatchObject({ hour: 20, size: 5 })
      expect((await app.inject(headers.location!)).body).not.toContain('Undone.')
    })

    test('Save leaves Undo what it was', async ({ db, site: { app, services } }) => {
      const { url, row } = await reader(db, services)
      await app.inject({ method: 'POST', url, ...form({ hour: '20' }) })
      const saved = await app.inject({ method: 'POST', url, ...form({ hour: '20' }) })
      await app.inject(undoOf((await app.inject(saved.headers.location!)).body))
      expect((await row()).hour).toBe(8)
    })
  })

  test('a form without ticks clears them; a request without these fields keeps them', async ({
    db,
    site: { app, services },
  }) => {
    const { url, row } = await reader(db, services, { topics: ['speech'], likeVoted: true, keywords: ['lora'] })
    await app.inject({ method: 'POST', url, ...form({ size: '5' }) })
    expect(await row()).toMatchObject({ size: 5, topics: ['speech'], likeVoted: true, keywords: ['lora'] })
    await app.inject({ method: 'POST', url, ...form({ topics: '', likeVoted: '', keywords: '' }) })
    expect(await row()).toMatchObject({ topics: [], likeVoted: false, keywords: [] })
  })

  test('saving a page as it is does not move the end of a pause', async ({ db, site: { app, services } }) => {
    const pausedUntil = new Date('2026-04-29T12:00:00Z')
    const { url, row } = await reader(db, services, { pausedUntil })
    const shown = JSON.stringify({ pausedUntil: '2026-04-29' })
    await app.inject({ method: 'POST', url, ...form({ size: '5', pausedUntil: '2026-04-29', shown }) })
    expect(await row()).toMatchObject({ size: 5, pausedUntil })
    // A page of an earlier version, or of an operator's own template.
    await app.inject({ method: 'POST', url, ...form({ size: '20', pausedUntil: '2026-04-29' }) })
    expect(await row()).toMatchObject({ size: 20, pausedUntil })
  })

  test('a page with a problem shows the pause of another tab, unless this one changed it', async ({
    db,
    site: { app, services },
  }) => {
    const { url } = await reader(db, services, { pausedUntil: new Date('2026-05-05T22:00:00Z') })
    const shown = JSON.stringify({ pausedUntil: null })
    const pauseOn = async (pausedUntil: string) => {
      const page = await app.inject({ method: 'POST', url, ...form({ size: '7', pausedUntil, shown }) })
      expect(page.statusCode).toBe(422)
      return /name="pausedUntil"[^>]* value="([^"]*)"/.exec(page.body)![1]
    }
    expect(await pauseOn('')).toBe('2026-05-06')
    expect(await pauseOn('2026-05-07')).toBe('2026-05-07')
  })

  test('the most and longest wishes, in any script, are saved', async ({ db, site: { app, services } }) => {
    const twenty = (length: number) => Array.from({ length: 20 }, (_, n) => `${n}`.padEnd(length, '词'))
    const likePapers = Array.from({ length: 20 }, (_, n) => `10.1109/${n}.`.padEnd(200, '0'))
    const wishes = { keywords: twenty(60), authors: twenty(120), organisations: twenty(120), likePapers }
    const { url, row } = await reader(db, services, wishes)
    const { body } = await app.inject(url)
    const shown = /name="shown" value="([^"]*)"/.exec(body)![1]!.replaceAll('&quot;', '"')
    const typed = [
      ['keywords', wishes.keywords.join(', ')],
      ['authors', wishes.authors.join('\r\n')],
      ['organisations', wishes.organisations.join('\r\n')],
      ...likePapers.map((id) => ['likePapers', id]),
    ] as [string, string][]
    const reply = await app.inject({ method: 'POST', url, ...form([['size', '5'], ...typed, ['shown', shown]]) })
    expect(reply.statusCode).toBe(303)
    expect(await row()).toMatchObject({ size: 5, ...wishes })
  })

  test('a keyword is always text', async ({ db, site: { app, services } }) => {
    const { url } = await reader(db, services)
    await app.inject({ method: 'POST', url, ...form({ keywords: '"><script>alert(1)</script>' }) })
    const { body } = await app.inject(url)
    expect(body).not.toContain('<script>alert')
    expect(body).toContain('&quot;&gt;&lt;script&gt;')
  })

  test.for([
    ['weekday', '8', 'Choose a day from Monday'],
    ['topics', 'no slug!', 'Choose up to 20 topics'],
    ['keywords', 'x'.repeat(61), 'Enter up to 20 keywords'],
    ['locale', 'tlh', 'Choose a language'],
    ['format', 'pdf', 'Choose HTML or plain text'],
    ['share', 'all', 'Choose some, mostly mine'],
    ['authors', 'x'.repeat(121), 'Enter up to 20 names'],
    ['organisations', Array.from({ length: 21 }, (_, n) => `Lab ${n}`).join('\n'), 'Enter up to 20 names'],
    ['likePapers', 'not/an/id', 'Enter up to 20 papers'],
    ['pausedUntil', '2026-04-15', 'Choose a future date'],
    ['pausedUntil', 'never', 'Choose a future date'],
  ])('refuses %s %o beside the field', async ([field, value, words], { db, site }) => {
    const { url, row } = await reader(db, site.services)
    const before = await row()
    const page = await site.app.inject({ method: 'POST', url, ...form({ size: '5', [field!]: value! }) })
    expect(page.statusCode).toBe(422)
    expect(page.body).toContain(words)
    const link = /role="alert">.*?href="#([\w-]+)"/s.exec(page.body)?.[1]
    expect(page.body, 'the message above leads to the field').toContain(` id="${link}"`)
    expect(page.body).toContain(`id="${link}-problem">${words}`)
    // Choices are named with the message by their group.
    if (!['topics', 'locale', 'format', 'share'].includes(field!))
      expect(page.body).toMatch(
        new RegExp(`name="${field}"[^>]* aria-invalid="true" aria-describedby="[^"]*${field}-problem"`),
      )
    if (field === 'pausedUntil') expect(page.body, 'as it was entered').toContain(`type="date" value="${value}"`)
    expect(await row()).toEqual(before)
  })
})

describe('wishes', () => {
  test('to follow, one per line, and papers by any arXiv link, are saved and shown back', async ({ db, site }) => {
    await addPapers(db, '2026-04-14', 1)
    const { url, row } = await reader(db, site.services)
    const fields = {
      share: 'mostly',
      authors: ' Yejin  Choi\r\nŁukasz Kaiser, Ada Lovelace\r\n\r\n',
      organisations: 'Google, Inc.\r\nETH Zürich',
      likePapers: 'https://arxiv.org/pdf/2604.14000v2',
    }
    const reply = await site.app.inject({ method: 'POST', url, ...form(fields) })
    expect(reply.statusCode).toBe(303)
    expect(await row()).toMatchObject({
      share: 'mostly',
      authors: ['Yejin Choi', 'Łukasz Kaiser', 'Ada Lovelace'],
      organisations: ['Google, Inc.', 'ETH Zürich'],
      likePapers: ['2604.14000'],
    })
    const { body } = await site.app.inject(url)
    expect(body).toContain('value="mostly" checked')
    expect(body).toContain('>Yejin Choi\nŁukasz Kaiser\nAda Lovelace</textarea>')
    expect(body).toContain('value="2604.14000" checked> <span dir="auto">Paper 1 of 2026-04-14')
    await site.app.inject({ method: 'POST', url, ...form({ likePapers: '', authors: '', organisations: '' }) })
    expect(await row()).toMatchObject({ authors: [], organisations: [], likePapers: [], share: 'mostly' })
  })

  test('for papers that are not here are named, and nothing else of the form is lost', async ({ db, site }) => {
    await addPapers(db, '2026-04-14', 1)
    await addPapers(db, '2026-04-17', 1)
    const { url, row } = await reader(db, site.services, { likePapers: ['2501.00001'] })
    const before = await row()
    const typed = { likePapers: '2604.14000, 2604.99999 2604.17000', keywords: 'lora', size: '20', locale: 'fr' }
    const page = await site.app.inject({ method: 'POST', url, ...form(typed) })
    expect(page.statusCode).toBe(422)
    expect(page.body).toContain('We don’t have 2604.99999, 2604.17000.')
    expect(page.body, 'to be corrected').toMatch(/id="likePapersAdd"[^>]* value="2604\.99999 2604\.17000"/)
    expect(page.body).toContain('value="2604.14000" checked> <span dir="auto">Paper 1 of 2026-04-14')
    expect(page.body).toMatch(/name="keywords"[^>]* value="lora"/)
    expect(page.body).toMatch(/name="size" value="20" checked/)
    expect(page.body).toMatch(/name="locale" value="fr" checked/)
    expect(page.body, 'the page stays in the saved language').toContain('<html lang="en"')
    expect(await row()).toEqual(before)

    const corrected = `${new URLSearchParams(typed)}&likePapers=2501.00001`.replace('2604.99999+2604.17000', '')
    expect((await site.app.inject({ method: 'POST', url, ...form({}), payload: corrected })).statusCode).toBe(303)
    expect(await row(), 'what the reader had before stays').toMatchObject({
      ...{ likePapers: ['2604.14000', '2501.00001'], keywords: ['lora'], size: 20 },
    })
  })

  test('for papers that are not here are named by /follow and the API, too', async ({
    db,
    site: { app, services },
  }) => {
    await addPapers(db, '2026-04-14', 1)
    const { url, row } = await reader(db, services, { likePapers: ['2501.00001'] })
    const before = await row()
    const follow = (likePapers: string) => app.inject({ method: 'POST', url: `${url}/follow`, ...form({ likePapers }) })
    const refused = await follow('2604.99999')
    expect(refused.statusCode).toBe(422)
    expect(refused.body).toContain('We don’t have 2604.99999.')
    expect(refused.body).toMatch(/id="likePapersAdd"[^>]* value="2604\.99999"/)
    const patch = (likePapers: string[]) => app.inject({ method: 'PATCH', url: api(url), payload: { likePapers } })
    const problem = (await patch(['2604.14000', '2604.99999', '2604.99998'])).json()
    expect(problem).toMatchObject({ status: 422, code: 'BAD_PREFERENCE', errors: [{ field: 'likePapers' }] })
    expect(problem.detail).toContain('2604.99999, 2604.99998')
    expect(await row()).toEqual(before)
    expect((await follow('2604.14000')).statusCode).toBe(303)
    expect((await patch(['2604.14000', '2501.00001'])).statusCode, 'what the reader had before stays').toBe(200)
  })

  test('with a separator in them stay whole when the page is saved as it is, or with one more', async ({
    db,
    site: { app, services },
  }) => {
    const own = {
      authors: ['Ada Lovelace, Jr.', 'Grace Hopper; et al.'],
      organisations: ['A; B Labs'],
      keywords: ['spoken, not written'],
    }
    const { url, row } = await reader(db, services, own)
    const shown = {
      authors: own.authors.join('\r\n'),
      organisations: 'A; B Labs',
      keywords: 'spoken, not written',
    }
    expect((await app.inject(url)).body).toContain(`>${own.authors.join('\n')}</textarea>`)
    expect((await app.inject({ method: 'POST', url, ...form(shown) })).statusCode).toBe(303)
    expect(await row()).toMatchObject(own)
    const more = { authors: `${shown.authors}\r\nAlan Turing, Max Newman` }
    await app.inject({ method: 'POST', url, ...form(more) })
    expect(await row()).toMatchObject({ authors: [...own.authors, 'Alan Turing', 'Max Newman'] })
  })

  test('come and go one at a time, by buttons of other pages', async ({ db, site: { app, services } }) => {
    const { url, row } = await reader(db, services, { authors: ['Ada Lovelace'] })
    const press = (path: string, fields: Record<string, string>) =>
      app.inject({ method: 'POST', url: `${url}/${path}`, ...form(fields) })
    for (let times = 0; times < 2; times++)
      expect((await press('follow', { authors: 'Yejin Choi' })).statusCode).toBe(303)
    await press('follow', { organisations: 'NVIDIA' })
    await press('follow', { topics: 'speech' })
    expect(await row()).toMatchObject({
      authors: ['Ada Lovelace', 'Yejin Choi'],
      organisations: ['NVIDIA'],
      topics: ['speech'],
    })
    await press('unfollow', { authors: 'Ada Lovelace' })
    expect(await row()).toMatchObject({ authors: ['Yejin Choi'], organisations: ['NVIDIA'] })
    const tooLong = await press('follow', { authors: 'x'.repeat(121) })
    expect(tooLong.statusCode).toBe(422)
    expect(tooLong.body).toContain('Enter up to 20 names')
    expect(await row()).toMatchObject({ authors: ['Yejin Choi'] })
    expect((await app.inject(`${url}/follow`)).statusCode).toBe(405)
  })

  test('the taste is shown in words, and forgotten by its button', async ({ db, site: { app, services } }) => {
    const { url, row } = await reader(db, services, { likeVoted: true })
    const [paperId] = await addPapers(db, '2026-04-14', 3)
    await indexPapers(services)
    expect((await app.inject(url)).body).toContain('Nothing learned yet.')
    await castVote(services, { subscriberId: (await row()).id, paperId: paperId! }, '203.0.113.7')
    const { body } = await app.inject(url)
    expect(body).toMatch(/Learned from 1 vote: [a-z0-9, ]+, Ada Lovelace, Charles Babbage\./)
    const [, forget] = /action="([^"]+\/forget)"/.exec(body)!
    const reply = await app.inject({ method: 'POST', url: forget!, ...form({ size: '5' }) })
    const after = (await app.inject(reply.headers.location!)).body
    expect(after).toContain('Forgotten.')
    expect(after).toContain('Nothing learned yet.')
    expect(await row()).toMatchObject({ size: 10, likeVoted: true })
  })
})

describe('as JSON', () => {
  test('is read, changed in part, and undone', async ({ db, site: { app, services } }) => {
    await addPapers(db, '2026-04-14', 1)
    const { url, row } = await reader(db, services)
    expect((await app.inject(api(url))).json()).toMatchObject({ cadence: 'daily', zone: 'Europe/Berlin', topics: [] })
    const wishes = { share: 'only', authors: ['Yejin Choi'], organisations: ['NVIDIA'], likePapers: ['2604.14000'] }
    const body = { topics: ['speech'], ...wishes, hour: 20, pausedUntil: '2026-05-04' }
    const saved = await app.inject({ method: 'PATCH', url: api(url), payload: body })
    expect(saved.statusCode).toBe(200)
    expect(saved.json()).toMatchObject({ ...body, size: 10, nextDigestAt: '2026-05-05T18:00:00.000Z', undoable: true })
    expect(await row()).toMatchObject({ topics: ['speech'], hour: 20, size: 10 })
    const undone = await app.inject({ method: 'POST', url: `${api(url)}/undo` })
    expect(undone.json()).toMatchObject({
      topics: [],
      share: 'some',
      authors: [],
      likePapers: [],
      hour: 8,
      pausedUntil: null,
    })
  })

  test('is stored as the page stores it: trimmed, in one Unicode form, each value once, with the zone’s own name', async ({
    db,
    site: { app, services },
  }) => {
    await addPapers(db, '2026-04-14', 1)
    const { url, row } = await reader(db, services)
    const accents = ['Rene\u0301 Girard', 'Ren\u00e9 Girard']
    const body = {
      zone: 'america/new_york',
      keywords: [' sparse  attention ', 'sparse attention', ...accents],
      authors: accents,
      organisations: [' Google,  Inc.'],
      likePapers: ['2604.14000', '2604.14000v2'],
      topics: ['speech', 'speech'],
    }
    const stored = {
      zone: 'America/New_York',
      keywords: ['sparse attention', 'Ren\u00e9 Girard'],
      authors: ['Ren\u00e9 Girard'],
      organisations: ['Google, Inc.'],
      likePapers: ['2604.14000'],
      topics: ['speech'],
    }
    const patched = await app.inject({ method: 'PATCH', url: api(url), payload: body })
    expect(patched.json()).toMatchObject(stored)
    expect(await row()).toMatchObject(stored)
    const typed = { keywords: accents.join(','), authors: accents.join('\n'), organisations: body.organisations[0]! }
    await app.inject({ method: 'POST', url, ...form(typed) })
    expect(await row()).toMatchObject({ ...stored, keywords: ['Ren\u00e9 Girard'] })
    for (const [action, left] of [
      ['follow', 1],
      ['unfollow', 0],
    ] as const) {
      await app.inject({ method: 'POST', url: `${url}/${action}`, ...form({ authors: accents[0]! }) })
      expect((await row()).authors, action).toHaveLength(left)
    }
  })

  test('promises a digest only for a day with a list', async ({ db, site: { app, services } }) => {
    // Saturday the 18th gets Friday's list; Sunday's and Monday's hours have no new one.
    const { url } = await reader(db, services, { nextDigestAt: new Date('2026-04-19T06:00:00Z') })
    expect((await app.inject(api(url))).json()).toMatchObject({ nextDigestAt: '2026-04-21T06:00:00.000Z' })
  })

  test('names invalid and unknown fields, and saves nothing', async ({ db, site }) => {
    const { url, row } = await reader(db, site.services)
    const before = await row()
    for (const [body, field] of [
      [{ size: 5, hour: 24 }, 'hour'],
      [{ size: 5, zone: 'Mars/Base' }, 'zone'],
      [{ size: 5, cadence: 'hourly' }, 'cadence'],
      [{ size: 5, pausedUntil: '2020-01-01' }, 'pausedUntil'],
      [{ size: 5, adress: 'a typing mistake' }, 'body'],
    ] as const) {
      const reply = await site.app.inject({ method: 'PATCH', url: api(url), payload: body })
      expect({ status: reply.statusCode, body: reply.json() }).toMatchObject({
        status: 422,
        body: { errors: [{ field }] },
      })
    }
    expect(await row()).toEqual(before)
  })

  test('a link of another purpose is unknown', async ({ db, site: { app, services } }) => {
    const { url } = await reader(db, services)
    expect((await app.inject(api(`${url}x`))).statusCode).toBe(404)
  })
})
