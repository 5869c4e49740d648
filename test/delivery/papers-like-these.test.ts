import { eq, sql } from 'drizzle-orm'
import { expect } from 'vitest'
import { planAll } from '../../src/delivery/plan/plan-all.ts'
import { preview } from '../../src/delivery/preview/preview.ts'
import { deliverBatch } from '../../src/delivery/send/deliver-batch.ts'
import { assemble } from '../../src/edition/draft/assemble.ts'
import { release } from '../../src/edition/draft/release.ts'
import { openPersonalMatcher } from '../../src/edition/select/read-personal.ts'
import { readSequels } from '../../src/edition/select/read-sequels.ts'
import { readTasteIndex } from '../../src/edition/select/read-taste-index.ts'
import { mintToken } from '../../src/mail/tokens.ts'
import { indexPapers } from '../../src/papers/search/index-papers.ts'
import { castVote } from '../../src/papers/votes/cast.ts'
import { markPaper } from '../../src/papers/votes/marks.ts'
import { deliveries, papers } from '../../src/runtime/db/schema.ts'
import { test } from '../http/site.ts'
import { NEVER, sinkThat, workerOn } from '../support/sending.ts'
import { addPapers, addSubscriber, NOON } from '../support/services.ts'

/** From a vote in an email to a later digest: readers who vote and ask for similar papers get them. */

const SUBJECTS = [
  'whales',
  'bridges',
  'tulips',
  'glaciers',
  'violins',
  'volcanoes',
  'mosquitoes',
  'satellites',
  'pottery',
]

test('a reader who voted for a paper and asked for similar ones gets them with the reason; no other reader does', async ({
  db,
  site,
}) => {
  const { services } = site
  const [liked] = await addPapers(db, '2026-04-02', 1)
  const editionPapers = await addPapers(db, '2026-04-14', 20)
  const alike = [14, 16, 18]
  for (const [position, id] of [[-1, liked!] as const, ...editionPapers.entries()]) {
    const folds = position === -1 || alike.includes(position)
    const subject = folds
      ? 'folding proteins by their evolutionary residues'
      : `${SUBJECTS[position % 9]} number${position}`
    await db
      .update(papers)
      .set({ title: `On ${subject}`, abstract: `Measurements of ${subject}.` })
      .where(eq(papers.id, id))
  }
  await indexPapers(services)

  const asking = await addSubscriber(db, 'ada@example.org', { size: 10, likeVoted: true })
  const silent = await addSubscriber(db, 'bob@example.org', { size: 10, likeVoted: false })
  for (const reader of [asking, silent]) {
    const url = `/papers/${liked}/vote/${mintToken(services.keys, 'vote', reader, NOON)}`
    expect((await site.app.inject({ method: 'POST', url })).statusCode).toBe(303)
  }

  for (const subscriberId of [asking, silent])
    await markPaper(services, { subscriberId, paperId: editionPapers[12]!, kind: 'not interested' })

  const { editionId } = await assemble(services, { date: '2026-04-14' })
  await release(services, { date: '2026-04-14' })
  const sink = await sinkThat()
  const { batchIds } = await planAll(services, editionId)
  await deliverBatch(workerOn(services, sink.url), batchIds[0]!, NEVER)

  const toAda = (await sink.read('ada@example.org')).text!
  const toBob = (await sink.read('bob@example.org')).text!
  // A card's title ends its line; a row of the list has its votes after the title.
  expect(toAda.match(/On folding proteins by their evolutionary residues$/gm)).toHaveLength(alike.length)
  expect(toAda.match(/similar to papers you voted for or saved/g)).toHaveLength(alike.length)
  expect(toBob).not.toMatch(/residues$|similar to papers you voted for/m)
  // Readers who let us learn do not see such a paper, not even as a row.
  expect(toAda).not.toContain('On glaciers number12')
  expect(toBob).toContain('On glaciers number12 · 88 votes')
  expect((await preview(services, { kind: 'daily', date: '2026-04-14' }, asking)).text).not.toContain('number12')
  for (const text of [toAda, toBob]) expect(text).toContain('On tulips number11 · 89 votes')
  const own = await db.select({ own: deliveries.own }).from(deliveries).orderBy(sql`subscriber_id`)
  expect(own.map((row) => row.own)).toEqual([alike.length, 0])
})

test('a later version of what a voted or saved paper names says so, only to readers who asked to learn', async ({
  db,
  site,
}) => {
  const { services } = site
  const [voted, saved] = await addPapers(db, '2026-04-02', 2)
  const ids = await addPapers(db, '2026-04-14', 20)
  const retitle = (id: number, title: string, authors?: string[]) =>
    db
      .update(papers)
      .set({ title, ...(authors ? { authors } : {}) })
      .where(eq(papers.id, id))
  await retitle(voted!, 'HY-World 1.0: Worlds')
  await retitle(saved!, 'WebSailor: Navigating')
  await retitle(ids[15]!, 'HY-World 2.0: Worlds')
  await retitle(ids[16]!, 'WebSailor-V2: Bridging')
  await retitle(ids[17]!, 'HY-World 3.0: By others', ['Someone Else'])
  await indexPapers(services)
  const asking = await addSubscriber(db, 'ada@example.org', { likeVoted: true })
  const silent = await addSubscriber(db, 'bob@example.org', { likeVoted: false })
  for (const subscriberId of [asking, silent]) {
    await castVote(services, { subscriberId, paperId: voted! }, '192.0.2.1')
    await markPaper(services, { subscriberId, paperId: saved!, kind: 'saved' })
  }
  const { editionId } = await assemble(services, { date: '2026-04-14' })
  const textFor = async (address: string) =>
    (await preview(services, { kind: 'daily', date: '2026-04-14' }, address)).text.replace(/\s+/g, ' ')
  const toAda = await textFor('ada@example.org')
  expect(toAda.match(/follows .*?, which you (voted for|saved)/g)?.toSorted()).toEqual([
    'follows HY-World 1.0, which you voted for',
    'follows WebSailor, which you saved',
  ])
  expect(await textFor('bob@example.org')).not.toMatch(/follows .*which you/)

  await castVote(services, { subscriberId: asking, paperId: ids[15]! }, '192.0.2.1')
  expect(await textFor('ada@example.org'), 'it is no news once they voted for it').not.toContain('follows HY-World')
  expect(await readSequels(db, editionId)).toHaveLength(2)
})

test('who wants only papers like one that is not here gets no others', async ({ db, site }) => {
  const { services } = site
  await addPapers(db, '2026-04-14', 20)
  const subscriberId = await addSubscriber(db, 'ada@example.org', { share: 'only', likePapers: ['2501.99999'] })
  await addSubscriber(db, 'bob@example.org', { share: 'some', likePapers: ['2501.99999'] })
  const { editionId } = await assemble(services, { date: '2026-04-14' })
  await release(services, { date: '2026-04-14' })
  const sink = await sinkThat()
  const { batchIds } = await planAll(services, editionId)
  await deliverBatch(workerOn(services, sink.url), batchIds[0]!, NEVER)
  const [hers] = await db.select().from(deliveries).where(eq(deliveries.subscriberId, subscriberId))
  expect(hers!.state).toBe('skipped')
  expect((await sink.read('bob@example.org')).text).toContain('Paper 1 of 2026-04-14')
})

test('a batch of readers who want more papers than are cached keeps all their wishes', async ({ db, site }) => {
  const { services } = site
  const [liked] = await addPapers(db, '2026-04-02', 1)
  await addPapers(db, '2026-04-14', 3)
  const [first] = await db.select().from(papers).where(eq(papers.id, liked!))
  const { editionId } = await assemble(services, { date: '2026-04-14' })
  const matchPersonal = openPersonalMatcher(editionId, () => readTasteIndex(db, editionId))
  const readers = Array.from({ length: 120 }, (_, subscriberId) => ({
    subscriberId,
    likeVoted: false,
    likePapers:
      subscriberId === 0
        ? [first!.sourceId]
        : Array.from({ length: 20 }, (_each, at) => `1001.${subscriberId * 20 + at + 10_000}`),
  }))
  for (let time = 0; time < 2; time++) {
    const matches = await matchPersonal(db, readers)
    expect(matches.get(0)!.likePapers.map(({ title }) => title)).toEqual(['Paper 1 of 2026-04-02'])
  }
})
