import { eq, sql } from 'drizzle-orm'
import { describe, expect } from 'vitest'
import { mintToken } from '../../../src/mail/tokens.ts'
import { indexPapers } from '../../../src/papers/search/index-papers.ts'
import { castVote, undoVote } from '../../../src/papers/votes/cast.ts'
import { describeTaste, forgetTaste } from '../../../src/papers/votes/learn-taste.ts'
import { isMarked, markPaper, unmarkPaper } from '../../../src/papers/votes/marks.ts'
import { listSaved } from '../../../src/papers/votes/own-papers.ts'
import type { Db } from '../../../src/runtime/db/database.ts'
import { papers, tastes } from '../../../src/runtime/db/schema.ts'
import { eraseReader, exportReader } from '../../../src/subscription/erase.ts'
import { savePreferences } from '../../../src/subscription/preferences.ts'
import { test } from '../../support/database.ts'
import { addPapers, addSubscriber, NOON, servicesOn } from '../../support/services.ts'

const SUBJECTS = ['whale songs', 'whale migration', 'tulip bulbs', 'glacier melt', 'violin bows', 'volcano ash']

/** Papers on different subjects, a reader who asked to be learned from, and their acts. */
async function readerOf(db: Db, values: Parameters<typeof addSubscriber>[2] = { likeVoted: true }) {
  const clock = { now: NOON }
  const services = servicesOn(db, {}, clock)
  const ids = await addPapers(db, '2026-04-14', SUBJECTS.length)
  for (const [at, id] of ids.entries())
    await db
      .update(papers)
      .set({ title: `On ${SUBJECTS[at]}`, abstract: `Measurements of ${SUBJECTS[at]}.` })
      .where(eq(papers.id, id))
  await indexPapers(services)
  const subscriberId = await addSubscriber(db, 'ada@example.org', values)
  const of = (at: number) => ({ subscriberId, paperId: ids[at]! })
  return {
    services,
    clock,
    subscriberId,
    vote: (at: number) => castVote(services, of(at), '203.0.113.7'),
    undo: (at: number) => undoVote(services, of(at)),
    mark: (at: number, kind: 'saved' | 'not interested') => markPaper(services, { ...of(at), kind }),
    unmark: (at: number, kind: 'saved' | 'not interested') => unmarkPaper(services, { ...of(at), kind }),
    is: (at: number, kind: 'saved' | 'not interested') => isMarked(services, { ...of(at), kind }),
    taste: () => describeTaste(db, subscriberId),
    token: mintToken(services.keys, 'preferences', subscriberId, NOON),
  }
}

describe('what a reader’s acts teach', () => {
  test('is learned anew at each vote, save and "not interested", and at their undoing', async ({ db }) => {
    const { vote, undo, mark, unmark, taste } = await readerOf(db)
    await vote(0)
    expect(await taste()).toMatchObject({ votes: 1, saved: 0, notInterested: 0 })
    expect((await taste())!.words).toContain('whale')
    await mark(2, 'saved')
    expect(await taste()).toMatchObject({ votes: 1, saved: 1 })
    expect((await taste())!.words).toContain('tulip')
    await mark(1, 'not interested')
    expect(await taste()).toMatchObject({ notInterested: 1 })
    expect((await taste())!.words.slice(-2), 'authors are named too').toEqual(['Ada Lovelace', 'Charles Babbage'])
    await unmark(2, 'saved')
    expect((await taste())!.words).not.toContain('tulip')
    await undo(0)
    // "Not interested" alone says nothing about what to show.
    expect(await taste()).toBeUndefined()
  })

  test('is nothing unless the reader asks for it; switching it on learns from earlier votes, switching it off forgets', async ({
    db,
  }) => {
    const { services, vote, taste, token } = await readerOf(db, {})
    await vote(0)
    expect(await taste()).toBeUndefined()
    await savePreferences(services, token, { likeVoted: true })
    expect(await taste()).toMatchObject({ votes: 1 })
    await savePreferences(services, token, { likeVoted: false })
    expect(await db.$count(tastes)).toBe(0)
  })

  test('can be forgotten: the votes stay, and only later ones teach', async ({ db }) => {
    const { services, clock, subscriberId, vote, taste } = await readerOf(db)
    await vote(0)
    await forgetTaste(services, subscriberId)
    expect(await taste()).toBeUndefined()
    clock.now = new Date(NOON.getTime() + 60_000)
    await vote(3)
    expect(await taste()).toMatchObject({ votes: 1 })
    expect((await taste())!.words).not.toContain('whale')
    expect((await db.execute(sql`SELECT FROM votes`)).rows).toHaveLength(2)
  })

  test('is lost by no vote of several at once', async ({ db }) => {
    const { vote, taste } = await readerOf(db)
    await Promise.all([0, 1, 2, 3, 4].map(vote))
    expect(await taste()).toMatchObject({ votes: 5 })
  })

  test('is in the reader’s export in words, and gone with the reader', async ({ db }) => {
    const { services, subscriberId, vote, mark } = await readerOf(db)
    await vote(0)
    await mark(2, 'saved')
    await mark(3, 'not interested')
    const { tables } = await exportReader(services, subscriberId)
    expect(tables.marks).toMatchObject([
      { paper: 'On tulip bulbs', kind: 'saved' },
      { paper: 'On glacier melt', kind: 'not interested' },
    ])
    expect(tables.tastes).toMatchObject([
      {
        votes: 1,
        saved: 1,
        not_interested: 1,
        authors: ['Ada Lovelace', 'Charles Babbage'],
        words: expect.arrayContaining([expect.objectContaining({ word: 'whale' })]),
      },
    ])
    await eraseReader(services, subscriberId)
    const { rows } = await db.execute(sql`SELECT paper_id FROM marks UNION ALL SELECT subscriber_id FROM tastes`)
    expect(rows).toEqual([])
  })

  test('is erased with the status, whatever code sets it', async ({ db }) => {
    const { subscriberId, mark } = await readerOf(db)
    await mark(2, 'saved')
    await db.execute(sql`UPDATE subscribers SET status = 'erased', email = NULL WHERE id = ${subscriberId}`)
    const { rows } = await db.execute(sql`SELECT paper_id FROM marks UNION ALL SELECT subscriber_id FROM tastes`)
    expect(rows).toEqual([])
  })
})

describe('marks', () => {
  test('of both kinds replace each other, and repeating one changes nothing', async ({ db }) => {
    const { mark, is, unmark } = await readerOf(db)
    await mark(0, 'saved')
    await mark(0, 'saved')
    expect([await is(0, 'saved'), await is(0, 'not interested')]).toEqual([true, false])
    await mark(0, 'not interested')
    expect([await is(0, 'saved'), await is(0, 'not interested')]).toEqual([false, true])
    await unmark(0, 'not interested')
    expect([await is(0, 'saved'), await is(0, 'not interested')]).toEqual([false, false])
  })

  test('are for active readers and papers that exist', async ({ db }) => {
    const { services, subscriberId, mark } = await readerOf(db, { status: 'unsubscribed', nextDigestAt: null })
    await expect(mark(0, 'saved')).rejects.toMatchObject({ code: 'NOT_A_READER' })
    await expect(markPaper(services, { subscriberId, paperId: 999, kind: 'saved' })).rejects.toMatchObject({
      code: 'PAPER_NOT_FOUND',
    })
  })

  test('list the saved papers, newest first, in pages', async ({ db }) => {
    const { services, clock, subscriberId, mark } = await readerOf(db)
    for (const at of [0, 1, 2, 3]) {
      clock.now = new Date(NOON.getTime() + at * 1000)
      await mark(at, at === 3 ? 'not interested' : 'saved')
    }
    const first = await listSaved(services, subscriberId, { limit: 2 })
    expect(first.papers.map(({ title }) => title)).toEqual(['On tulip bulbs', 'On whale migration'])
    const second = await listSaved(services, subscriberId, { limit: 2, before: first.next })
    expect(second.papers.map(({ title }) => title)).toEqual(['On whale songs'])
    expect(second.next).toBeUndefined()
  })
})
