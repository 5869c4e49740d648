import { eq, sql } from 'drizzle-orm'
import { describe, expect } from 'vitest'
import { spanAround } from '../../src/calendar/spans.ts'
import { planAll } from '../../src/delivery/plan/plan-all.ts'
import { planDue } from '../../src/delivery/plan/plan-due.ts'
import { preview } from '../../src/delivery/preview/preview.ts'
import { listEditions, readEdition } from '../../src/edition/compose/archive.ts'
import { assemble } from '../../src/edition/draft/assemble.ts'
import { cancel, findEdition, hold, lockEdition, pause, resume } from '../../src/edition/draft/control.ts'
import { curate } from '../../src/edition/draft/curate.ts'
import { release, releaseDue } from '../../src/edition/draft/release.ts'
import { schedule } from '../../src/edition/draft/schedule.ts'
import { skipQuietDays } from '../../src/edition/draft/skip-quiet-days.ts'
import { LOCALES, messagesIn } from '../../src/messages/catalogue.ts'
import { findAttention } from '../../src/operate/attention/find.ts'
import type { Source } from '../../src/papers/ingest/sources/source.ts'
import { countDays, listDay } from '../../src/papers/lists/list-day.ts'
import type { Db } from '../../src/runtime/db/database.ts'
import {
  editionPapers,
  editionParts,
  editions,
  listFacts,
  papers,
  picks,
  signals,
  sourceReads,
  subscribers,
} from '../../src/runtime/db/schema.ts'
import { assembleEditionJob } from '../../workers/assemble-edition.ts'
import { releaseEditionsJob } from '../../workers/release-editions.ts'
import { someoneWaits, test } from '../support/database.ts'
import { addPapers, addReaders, addSubscriber, releasedEdition, servicesOn } from '../support/services.ts'

const DAY = '2026-04-14'
const KEY = { kind: 'daily' as const, date: DAY }
/** The list of the 14th closes at 02:00 and is released at 03:00. */
const at = (time: string) => ({ now: new Date(`2026-04-15T${time}:00Z`) })

const order = async (db: Db) =>
  (
    await db
      .select({ title: papers.title })
      .from(editionPapers)
      .innerJoin(papers, eq(papers.id, editionPapers.paperId))
      .orderBy(editionPapers.position)
  ).map((row) => row.title.replace(` of ${DAY}`, ''))
const vote = (db: Db, paperId: number, votes: number, observedAt = new Date('2026-04-15T02:30:00Z')) =>
  db.insert(signals).values({ paperId, votes, observedAt, origin: 'file' })
/** Reads all data of the editions, to compare before and after. */
const snapshot = async (db: Db) => ({
  editions: await db.select().from(editions).orderBy(editions.id),
  papers: await db.select().from(editionPapers).orderBy(editionPapers.editionId, editionPapers.position),
  parts: await db.select().from(editionParts).orderBy(editionParts.editionId),
})

describe('assembling', () => {
  test('orders the closed list by score, with a reason for each', async ({ db }) => {
    const services = servicesOn(db, {}, at('02:31'))
    const [, , third] = await addPapers(db, DAY, 4)
    await vote(db, third!, 500)
    expect(await assemble(services, KEY)).toMatchObject({ state: 'draft', papers: 4, changed: true })
    expect(await order(db)).toEqual(['Paper 3', 'Paper 1', 'Paper 2', 'Paper 4'])
    const rows = await db.select().from(editionPapers).orderBy(editionPapers.position)
    expect(rows.map((row) => row.votes)).toEqual([500, 100, 99, 97])
    expect(rows.map((row) => row.reason)).toEqual([
      expect.stringMatching(/^1st of 4 in the final ranking, 63% of the votes; about 19 in 20 such papers/),
      expect.stringMatching(/^about 19 in 20 such papers/),
      expect.stringMatching(/^about 19 in 20 such papers/),
      expect.stringMatching(/^about 19 in 20 such papers/),
    ])
    expect((await db.select().from(editions))[0]).toMatchObject({
      closesAt: new Date('2026-04-15T02:00:00Z'),
      releaseAt: new Date('2026-04-15T03:00:00Z'),
      held: false,
    })
  })

  test('counts the papers that the list’s page shows: not those that the curator dropped', async ({ db }) => {
    const services = servicesOn(db, {}, at('02:31'))
    const ids = await addPapers(db, DAY, 4)
    await db.update(papers).set({ sample: true }).where(eq(papers.id, ids[3]!))
    await curate(services, '2604.14001', 'drop')
    await assemble(services, KEY)
    await release(services, KEY)
    const { text } = (await readEdition(services, DAY))!
    expect(text).toContain('2 papers, final ranking')
    expect((await listDay({ ...services, closeHourUtc: 2 }, DAY))!.total).toBe(2)
    expect(await countDays(services, spanAround('month', DAY))).toEqual(new Map([[DAY, 2]]))
  })

  test('calls no paper under five votes trending, unless the whole list has no votes', async ({ db }) => {
    const services = servicesOn(db)
    const [first, second, third] = await addPapers(db, DAY, 4)
    await db.delete(signals)
    const sections = async () => {
      await assemble(services, KEY)
      const rows = await db.select().from(editionPapers).orderBy(editionPapers.position)
      return rows.map(({ paperId, section }) => ({ paperId, section }))
    }
    expect((await sections()).map(({ section }) => section)).toEqual(['top', 'top', 'top', 'top'])
    await vote(db, first!, 4)
    await vote(db, second!, 5)
    await vote(db, third!, 90)
    expect((await sections()).map(({ section }) => section)).toEqual(['top', 'top', 'new', 'new'])
    expect((await sections())[2]).toEqual({ paperId: first, section: 'new' })
  })

  test('puts picks first and omits dropped papers, however often the curator changes a verdict', async ({ db }) => {
    const services = servicesOn(db)
    const [first, , third, fourth] = await addPapers(db, DAY, 4)
    const idOf = async (id: number) => (await db.select().from(papers).where(eq(papers.id, id)))[0]!.sourceId
    await curate(services, await idOf(fourth!), 'pick', 'Read this one.')
    await curate(services, await idOf(third!), 'pick')
    await curate(services, await idOf(first!), 'drop')
    await assemble(services, KEY)
    expect(await order(db)).toEqual(['Paper 3', 'Paper 4', 'Paper 2'])
    const rows = await db.select().from(editionPapers).orderBy(editionPapers.position)
    expect(rows.map((row) => [row.section, row.note])).toEqual([
      ['picks', null],
      ['picks', 'Read this one.'],
      ['top', null],
    ])
    await curate(services, await idOf(first!), 'unpick')
    await curate(services, await idOf(fourth!), 'unpick')
    expect(await order(db)).toEqual(['Paper 3', 'Paper 1', 'Paper 2', 'Paper 4'])
    // The pick, and the note of the undone one.
    expect(await db.$count(picks)).toBe(2)
  })

  test('again follows newer votes and papers, and keeps the same draft', async ({ db }) => {
    const services = servicesOn(db)
    const [, second] = await addPapers(db, DAY, 2)
    const { editionId } = await assemble(services, KEY)
    await vote(db, second!, 900)
    await addPapers(db, '2026-04-13', 1)
    await db.update(papers).set({ listDay: DAY }).where(eq(papers.listDay, '2026-04-13'))
    expect(await assemble(services, KEY)).toMatchObject({ editionId, papers: 3, changed: true })
    expect((await order(db))[0]).toBe('Paper 2')
  })

  test('ignores votes that were observed later than now', async ({ db }) => {
    const services = servicesOn(db, {}, at('02:30'))
    const [, second] = await addPapers(db, DAY, 2)
    await vote(db, second!, 900, new Date('2026-04-15T09:00:00Z'))
    await assemble(services, KEY)
    expect(await order(db)).toEqual(['Paper 1', 'Paper 2'])
  })

  test('makes no edition for a day without papers, and says why', async ({ db }) => {
    const services = servicesOn(db)
    await addPapers(db, '2026-04-13', 2)
    await expect(assemble(services, KEY)).rejects.toMatchObject({
      code: 'EDITION_EMPTY',
      message: expect.stringContaining(DAY),
    })
    expect(await db.$count(editions)).toBe(0)
  })

  test('several times at once makes one edition, with each paper once', async ({ db }) => {
    const services = servicesOn(db)
    await addPapers(db, DAY, 20)
    const made = await Promise.all([1, 2, 3, 4].map(() => assemble(services, KEY)))
    expect(new Set(made.map((one) => one.editionId)).size).toBe(1)
    expect(await db.$count(editionPapers)).toBe(20)
  })
})

describe('a released edition is frozen', () => {
  test('assembling it again changes nothing, even after its papers changed', async ({ db }) => {
    const services = servicesOn(db)
    const editionId = await releasedEdition(services, DAY, 3)
    const before = await snapshot(db)
    const [row] = await db.select().from(papers)
    await vote(db, row!.id, 5000)
    await addPapers(db, '2026-04-13', 1)
    await db.update(papers).set({ listDay: DAY })
    expect(await assemble(services, KEY)).toMatchObject({ editionId, state: 'released', papers: 3, changed: false })
    expect(await snapshot(db)).toEqual(before)
  })

  test('assembling that began before it existed changes nothing either', async ({ db }) => {
    const services = servicesOn(db)
    await addPapers(db, DAY, 3)
    let late: ReturnType<typeof assemble> | undefined
    const waiting = sql`SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
    await db.transaction(async (tx) => {
      await assemble({ ...services, db: tx }, KEY)
      await release({ ...services, db: tx }, KEY)
      late = assemble(services, KEY) // sees no edition yet and waits to insert its own
      await expect.poll(async () => (await db.execute(waiting)).rowCount).toBe(1)
    })
    const before = await snapshot(db)
    expect(await late).toMatchObject({ state: 'released', changed: false })
    expect(await snapshot(db)).toEqual(before)
    expect(before.papers).toHaveLength(3)
  })

  test('releasing composes it once; releasing it again changes nothing', async ({ db }) => {
    const services = servicesOn(db)
    await addPapers(db, DAY, 3)
    await assemble(services, KEY)
    expect(await release(services, KEY)).toBe(true)
    const before = await snapshot(db)
    expect(before.parts.map((part) => part.locale).sort()).toEqual(LOCALES.toSorted())
    expect(before.editions[0]).toMatchObject({ state: 'released', subject: expect.stringContaining('Paper 1') })
    expect(await release(services, KEY)).toBe(false)
    expect(await snapshot(db)).toEqual(before)
  })

  test('one of several releases at once releases it', async ({ db }) => {
    const services = servicesOn(db)
    await addPapers(db, DAY, 3)
    await assemble(services, KEY)
    const did = await Promise.all([release(services, KEY), release(services, KEY), release(services, KEY)])
    expect(did.filter(Boolean)).toHaveLength(1)
    expect(await db.$count(editionParts)).toBe(LOCALES.length)
  })

  test('a release that fails keeps the draft and stores nothing', async ({ db }) => {
    const services = servicesOn(db)
    await addPapers(db, DAY, 3)
    await assemble(services, KEY)
    await db.execute(
      sql`CREATE FUNCTION no_space() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'disk full'; END $$`,
    )
    await db.execute(sql`CREATE TRIGGER no_space BEFORE UPDATE ON editions FOR EACH ROW EXECUTE FUNCTION no_space()`)
    await expect(release(services, KEY)).rejects.toThrow()
    expect(await db.$count(editionParts)).toBe(0)
    await db.execute(sql`DROP TRIGGER no_space ON editions`)
    expect(await release(services, KEY)).toBe(true)
  })

  test('releasing an edition that was not assembled is an error', async ({ db }) => {
    await expect(release(servicesOn(db), KEY)).rejects.toMatchObject({ code: 'EDITION_NOT_FOUND' })
  })
})

describe('automatic release', () => {
  test('happens when the draft is due, not before', async ({ db }) => {
    const clock = at('02:59')
    const services = servicesOn(db, {}, clock)
    await addPapers(db, DAY, 2)
    await assemble(services, KEY)
    expect(await releaseDue(services)).toEqual([])
    clock.now = at('03:00').now
    expect(await releaseDue(services)).toEqual([DAY])
    expect(await releaseDue(services)).toEqual([])
  })

  test('happens EDITION_RELEASE_DELAY_MINUTES after EDITION_CLOSE_HOUR_UTC', async ({ db }) => {
    const clock = at('05:29')
    const services = servicesOn(db, { EDITION_CLOSE_HOUR_UTC: '5', EDITION_RELEASE_DELAY_MINUTES: '30' }, clock)
    await addPapers(db, DAY, 2)
    await assemble(services, KEY)
    expect(await releaseDue(services)).toEqual([])
    clock.now = at('05:30').now
    expect(await releaseDue(services)).toEqual([DAY])
  })

  for (const OUTAGE_DAY of ['send', 'skip'])
    test(`waits for the final ranking of a list that closed while no worker ran; OUTAGE_DAY=${OUTAGE_DAY}`, async ({
      db,
    }) => {
      const clock = { now: new Date(`${DAY}T16:00:00Z`) }
      const services = servicesOn(db, { OUTAGE_DAY }, clock)
      const early = await addPapers(db, DAY, 2)
      await db.insert(sourceReads).values({ source: 'hf', listDay: DAY, readAt: clock.now, papers: 2 })
      await assemble(services, KEY)
      const [third] = await addPapers(db, '2026-04-13', 1)
      await db.update(papers).set({ listDay: DAY }).where(eq(papers.id, third!))
      // All jobs of a worker that starts again run at once.
      clock.now = at('08:00').now
      await releaseEditionsJob(services)
      expect((await db.select().from(editions))[0]!.state).toBe('draft')
      const source = { name: 'hf', followDays: 2, read: async () => ({ outcome: 'not modified' }) } as unknown as Source
      await assembleEditionJob(services, [source])
      await releaseEditionsJob(services)
      expect((await db.select().from(editions))[0]!.state).toBe('released')
      expect(await db.$count(editionPapers)).toBe(early.length + 1)
    })

  test('of a list that closed two days ago is not forgotten, nor is one that a person scheduled before the close', async ({
    db,
  }) => {
    const clock = { now: new Date(`${DAY}T16:00:00Z`) }
    const services = servicesOn(db, {}, clock)
    await addPapers(db, DAY, 2)
    await assemble(services, KEY)
    clock.now = new Date('2026-04-16T08:00:00Z')
    await assembleEditionJob(services, [])
    expect(await releaseDue(services)).toEqual([DAY])
    await addPapers(db, '2026-04-16', 2)
    const open = { kind: 'daily' as const, date: '2026-04-16' }
    await assemble(services, open)
    await schedule(services, open, new Date('2026-04-16T09:00:00Z'))
    clock.now = new Date('2026-04-16T09:00:00Z')
    expect(await releaseDue(services)).toEqual([open.date])
  })

  test('skips a held draft until it is resumed; a person can still release it', async ({ db }) => {
    const services = servicesOn(db, {}, at('12:00'))
    await addPapers(db, DAY, 2)
    await assemble(services, KEY)
    await hold(services, KEY)
    await assemble(services, KEY) // assembling again keeps the hold
    expect(await releaseDue(services)).toEqual([])
    await resume(services, KEY)
    expect(await releaseDue(services)).toEqual([DAY])
    await addPapers(db, '2026-04-13', 2)
    await assemble(services, { date: '2026-04-13' })
    await hold(services, { kind: 'daily', date: '2026-04-13' })
    expect(await release(services, { date: '2026-04-13' })).toBe(true)
  })
})

describe('what a person decides while drafts are released automatically', () => {
  test('counts for each draft until its own turn: one that they hold before it stays', async ({ db }) => {
    const services = servicesOn(db, {}, at('12:00'))
    const next = { kind: 'daily' as const, date: DAY }
    const first = { kind: 'daily' as const, date: '2026-04-13' }
    for (const key of [first, next]) {
      await addPapers(db, key.date, 2)
      await assemble(services, key)
    }
    const { releasing } = await db.transaction(async (tx) => {
      await lockEdition(tx, first)
      const releasing = releaseDue(services)
      await someoneWaits(db)
      await hold(services, next)
      return { releasing }
    })
    expect(await releasing).toEqual([first.date])
    expect(await findEdition(services, next)).toMatchObject({ state: 'draft', held: true })
  })

  test('an edition that they release is not cancelled as a thin day', async ({ db }) => {
    const services = servicesOn(db, { THIN_DAY: 'skip' }, at('12:00'))
    await addPapers(db, DAY, 2)
    await assemble(services, KEY)
    const { skipping } = await db.transaction(async (tx) => {
      await release({ ...services, db: tx }, KEY)
      const skipping = skipQuietDays(services)
      await someoneWaits(db)
      return { skipping }
    })
    expect(await skipping).toEqual([])
    expect(await findEdition(services, KEY)).toMatchObject({ state: 'released' })
  })

  test('an edition that they scheduled before its close is no outage', async ({ db }) => {
    const clock = { now: new Date(`${DAY}T16:00:00Z`) }
    const services = servicesOn(db, { OUTAGE_DAY: 'skip' }, clock)
    await addPapers(db, DAY, 5)
    await db.insert(sourceReads).values({ source: 'hf', listDay: DAY, readAt: clock.now, papers: 5 })
    await assemble(services, KEY)
    const time = new Date(`${DAY}T18:00:00Z`)
    await schedule(services, KEY, time)
    clock.now = time
    await releaseEditionsJob(services)
    expect(await findEdition(services, KEY)).toMatchObject({ state: 'released' })
  })
})

describe('states', () => {
  test('a cancelled edition cannot be released, assembled, paused or resumed', async ({ db }) => {
    const services = servicesOn(db)
    await addPapers(db, DAY, 2)
    await assemble(services, KEY)
    await cancel(services, KEY)
    const before = await snapshot(db)
    for (const act of [release, pause, resume, hold]) {
      await expect(act(services, KEY)).rejects.toMatchObject({ code: 'EDITION_STATE' })
    }
    expect(await assemble(services, KEY)).toMatchObject({ state: 'cancelled', changed: false })
    expect(await releaseDue(services)).toEqual([])
    expect(await snapshot(db)).toEqual(before)
  })

  test('a released edition cannot be held, a draft cannot be paused, and the error names the state', async ({ db }) => {
    const services = servicesOn(db)
    await releasedEdition(services, DAY, 2)
    await expect(hold(services, KEY)).rejects.toThrow(/is released/)
    await addPapers(db, '2026-04-13', 2)
    await assemble(services, { date: '2026-04-13' })
    await expect(pause(services, { kind: 'daily', date: '2026-04-13' })).rejects.toThrow(/is draft/)
    await expect(pause(services, { kind: 'weekly', date: DAY })).rejects.toMatchObject({ code: 'EDITION_NOT_FOUND' })
  })

  test('pausing and resuming before planning loses no readers', async ({ db }) => {
    const services = servicesOn(db)
    const editionId = await releasedEdition(services, DAY, 2)
    await addReaders(db, 3)
    await pause(services, KEY)
    await resume(services, KEY)
    expect((await planAll(services, editionId)).deliveries).toBe(3)
  })
})

describe('the archive', () => {
  test('lists released editions that were not cancelled, newest first, with neighbours', async ({ db }) => {
    const services = servicesOn(db)
    for (const date of ['2026-04-11', '2026-04-12', '2026-04-13', DAY]) await releasedEdition(services, date, 2)
    await cancel(services, { kind: 'daily', date: '2026-04-12' })
    await addPapers(db, '2026-04-15', 2)
    await assemble(services, { date: '2026-04-15' })
    const { editions: listed, next } = await listEditions({ db }, messagesIn('en'))
    expect(next).toBeUndefined()
    expect(listed.map((one) => [one.date, one.papers])).toEqual([
      [DAY, 2],
      ['2026-04-13', 2],
      ['2026-04-11', 2],
    ])
    expect(await readEdition(servicesOn(db), '2026-04-13')).toMatchObject({ previous: '2026-04-11', next: DAY })
    expect(await readEdition(servicesOn(db), DAY)).toMatchObject({ previous: '2026-04-13', next: undefined })
    for (const date of ['2026-04-12', '2026-04-15', '2026-04-10']) {
      expect(await readEdition(servicesOn(db), date), date).toBeUndefined()
    }
  })

  test('shows every paper, and no link or token of a reader', async ({ db }) => {
    const services = servicesOn(db)
    await addSubscriber(db, 'ada@example.org')
    await releasedEdition(services, DAY, 15)
    const { html, text } = (await readEdition(servicesOn(db), DAY))!
    for (const body of [html, text]) {
      expect(body).toContain('Paper 15 of')
      expect(body).not.toMatch(/unsubscribe|preferences|ada@example\.org/i)
      for (const [, path] of body.matchAll(/https:\/\/paperboy\.example\/([^\s"<]*)/g)) {
        expect(path).toMatch(/^(?:editions|papers\/[\d.]+)?$/)
      }
    }
  })
})

describe('a preview', () => {
  test('of a draft changes nothing, and uses a reader’s size and links', async ({ db }) => {
    const services = servicesOn(db)
    await addPapers(db, DAY, 12)
    await assemble(services, KEY)
    await addSubscriber(db, 'ada@example.org', { size: 5 })
    const before = await snapshot(db)
    expect((await preview(services, KEY)).text).toContain('Paper 10 of')
    const own = await preview(services, KEY, 'Ada@example.org')
    // A row of the list has its votes after the title.
    expect(own.text).toMatch(/Paper 5 of [\d-]+\n/)
    expect(own.text).toMatch(/Paper 6 of [\d-]+ · 95 votes\n/)
    expect(own.eml.toString('latin1')).toContain('To: <ada@example.org>')
    expect(await snapshot(db)).toEqual(before)
    await expect(preview(services, KEY, 'nobody@example.org')).rejects.toMatchObject({ code: 'BAD_ADDRESS' })
  })
})

describe('a weekly edition', () => {
  test('has the papers of Monday to Sunday, and is released after the week', async ({ db }) => {
    const services = servicesOn(db, {}, { now: new Date('2026-04-20T03:00:00Z') })
    for (const date of ['2026-04-12', '2026-04-13', '2026-04-19', '2026-04-20']) await addPapers(db, date, 1)
    await assemble(services, { kind: 'weekly', date: '2026-04-13' })
    expect((await order(db)).toSorted()).toEqual(['Paper 1 of 2026-04-13', 'Paper 1 of 2026-04-19'])
    const [edition] = await db.select().from(editions)
    expect(edition).toMatchObject({ kind: 'weekly', releaseAt: new Date('2026-04-20T03:00:00Z') })
    expect(await releaseDue(services)).toEqual(['2026-04-13'])
    expect((await db.select().from(editions))[0]!.subject).toContain('week of 13 April')
  })

  test('and the daily one of its Monday are separate', async ({ db }) => {
    const services = servicesOn(db)
    await releasedEdition(services, '2026-04-13', 2)
    await assemble(services, { kind: 'weekly', date: '2026-04-13' })
    await release(services, { kind: 'weekly', date: '2026-04-13' })
    expect(await readEdition(servicesOn(db), '2026-04-13', 'weekly')).toMatchObject({
      subject: expect.stringContaining('week of'),
    })
    expect(await readEdition(servicesOn(db), '2026-04-13')).toMatchObject({
      subject: expect.not.stringContaining('week of'),
    })
  })

  test.for([
    ['fewer', { timing: 'closing', votes: 89 }, true],
    ['as many', { timing: 'closing', votes: 90 }, false],
    ['more', { timing: 'closing', votes: 91 }, false],
    ['fewer, read long after', { timing: 'other', votes: 89 }, false],
    ['an unknown number', undefined, false],
    ['more, in another topic', { timing: 'closing', votes: 91 }, true, 'speech'],
  ] as const)(
    'calls a paper the best in its topic if a later day’s has %s: %o',
    async ([, later, isBest, topic], { db }) => {
      const services = servicesOn(db, {}, { now: new Date('2026-04-20T03:00:00Z') })
      const [monday] = await addPapers(db, '2026-04-13', 1)
      const [thursday, announced] = await addPapers(db, '2026-04-16', 2)
      await db.update(papers).set({ topics: ['robotics'] })
      await db.update(papers).set({ announced: true }).where(eq(papers.id, announced!))
      if (topic)
        await db
          .update(papers)
          .set({ topics: [topic] })
          .where(eq(papers.id, thursday!))
      const best = { timing: 'closing', votes: 90, rank: 1, of: 1, best: { days: 29, topic: 'robotics' } }
      await db.insert(listFacts).values({ paperId: monday!, facts: best })
      if (later) await db.insert(listFacts).values({ paperId: thursday!, facts: { of: 1, ...later } })
      await assemble(services, { kind: 'weekly', date: '2026-04-13' })
      const [row] = await db.select().from(editionPapers).where(eq(editionPapers.paperId, monday!))
      expect(row!.reason.startsWith('most first-day votes in Robotics in 29 days')).toBe(isBest)
    },
  )

  test('is named by its Monday; other days are refused', async ({ db }) => {
    const services = servicesOn(db)
    await addPapers(db, DAY, 2)
    await expect(assemble(services, { kind: 'weekly', date: DAY })).rejects.toThrow(/Monday/)
    expect(await db.$count(editions)).toBe(0)
  })
})

test('the job assembles the draft of the last closed day, and on Mondays of the week', async ({ db }) => {
  const clock = { now: new Date('2026-04-19T01:59:00Z') }
  const services = servicesOn(db, {}, clock)
  for (const date of ['2026-04-17', '2026-04-18', '2026-04-19']) await addPapers(db, date, 2)
  const made = async () =>
    (await db.select().from(editions).orderBy(editions.id)).map(({ kind, date }) => `${kind} ${date}`)
  await assembleEditionJob(services, [])
  expect(await made(), 'Saturday’s list is open until 02:00').toEqual(['daily 2026-04-17'])
  clock.now = new Date('2026-04-19T02:00:00Z')
  await assembleEditionJob(services, [])
  expect(await made()).toEqual(['daily 2026-04-17', 'daily 2026-04-18'])
  clock.now = new Date('2026-04-20T02:01:00Z')
  await assembleEditionJob(services, [])
  expect((await made()).slice(2)).toEqual(['daily 2026-04-19', 'weekly 2026-04-13'])
  clock.now = new Date('2026-04-21T02:01:00Z')
  await assembleEditionJob(services, [])
  expect(await made(), 'Monday had no papers').toHaveLength(4)
})

test('after a weekend without a worker, Friday’s list is read once more, assembled and released', async ({ db }) => {
  const clock = { now: new Date('2026-04-19T09:00:00Z') }
  const services = servicesOn(db, { PAPER_SOURCES: 'hf' }, clock)
  const read: string[] = []
  const source = {
    name: 'hf',
    followDays: 2,
    read: async (day: string) => {
      read.push(day)
      return { outcome: 'not modified' }
    },
  } as unknown as Source
  await addPapers(db, '2026-04-16', 2)
  await assemble(services, { date: '2026-04-16' })
  await release(services, { date: '2026-04-16' })
  await addPapers(db, '2026-04-17', 2)
  // All jobs of a worker that starts again run at once: who is due waits.
  await addSubscriber(db, 'daily@example.org', { nextDigestAt: new Date('2026-04-19T08:00:00Z') })
  expect(await planDue(services)).toMatchObject({ deliveries: 0 })
  await assembleEditionJob(services, [source])
  expect(read, 'Saturday has no papers').toEqual(['2026-04-17', '2026-04-18'])
  expect(await releaseDue(services)).toEqual(['2026-04-17'])
  expect(await planDue(services)).toMatchObject({ deliveries: 1 })
  clock.now = new Date('2026-04-20T08:00:00Z')
  await addSubscriber(db, 'weekdays@example.org', { cadence: 'weekdays', nextDigestAt: clock.now })
  expect(await planDue(services)).toMatchObject({ deliveries: 1 })
})

test('after a weekend without a worker, Friday’s list goes out on Monday and Tuesday, and is held from Wednesday on', async ({
  db,
}) => {
  const clock = { now: new Date('2026-04-20T09:00:00Z') }
  const services = servicesOn(db, {}, clock)
  await addPapers(db, '2026-04-17', 2)
  await assembleEditionJob(services, [])
  const drafts = () =>
    db.select({ date: editions.date, held: editions.held }).from(editions).where(eq(editions.kind, 'daily'))
  expect(await drafts()).toEqual([{ date: '2026-04-17', held: false }])
  clock.now = new Date('2026-04-22T02:01:00Z')
  expect(await releaseDue(services)).toEqual([])
  expect(await drafts()).toEqual([{ date: '2026-04-17', held: true }])
  await db.execute(sql`UPDATE editions SET held = false, held_why = NULL`)
  clock.now = new Date('2026-04-22T01:59:00Z')
  expect(await releaseDue(services)).toContain('2026-04-17')
  await addSubscriber(db, 'ada@example.org', { nextDigestAt: clock.now })
  expect(await planDue(services)).toMatchObject({ deliveries: 1 })
})

test('on a first start on a Wednesday, no reader waits for the week before, which was too old; after an outage they do', async ({
  db,
}) => {
  const clock = { now: new Date('2026-04-22T09:00:00Z') }
  const services = servicesOn(db, {}, clock)
  await addPapers(db, '2026-04-17', 2)
  await db.execute(sql`UPDATE papers SET created_at = ${clock.now}`)
  await assembleEditionJob(services, [])
  clock.now = new Date('2026-04-22T18:00:00Z')
  await addSubscriber(db, 'new@example.org', { cadence: 'weekly', weekday: 3, hour: 18, nextDigestAt: clock.now })
  const times = async () =>
    (await db.select().from(subscribers)).map(({ nextDigestAt, missedAt }) => [nextDigestAt?.toISOString(), missedAt])
  await planDue(services)
  expect(await times(), 'at their hour of the next week').toEqual([['2026-04-29T18:00:00.000Z', null]])
  await db.execute(sql`UPDATE papers SET created_at = '2026-04-17T12:00Z'`)
  await db.execute(sql`UPDATE subscribers SET next_digest_at = ${clock.now}`)
  await planDue(services)
  expect(await times(), 'a person may release it').toEqual([['2026-04-22T18:00:00.000Z', null]])
})

test('no reader waits for a list of which the curator dropped every paper, and it is no problem', async ({ db }) => {
  const services = servicesOn(db, { PAPER_SOURCES: 'hf' }, { now: new Date('2026-04-19T09:00:00Z') })
  await addPapers(db, '2026-04-18', 1)
  await db.execute(sql`UPDATE papers SET created_at = '2026-04-18T12:00Z'`)
  const [paper] = await db.select().from(papers)
  await db.insert(picks).values({ listDay: '2026-04-18', paperId: paper!.id, verdict: 'dropped' })
  await assembleEditionJob(services, [])
  await addSubscriber(db, 'daily@example.org', { hour: 8, nextDigestAt: new Date('2026-04-19T08:00:00Z') })
  await planDue(services)
  const [reader] = await db.select().from(subscribers)
  expect(reader).toMatchObject({ nextDigestAt: new Date('2026-04-20T08:00:00Z'), missedAt: null })
  expect((await findAttention(services)).map(({ name }) => name)).not.toContain('edition_missing')
})
