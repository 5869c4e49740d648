import { eq, sql } from 'drizzle-orm'
import { expect } from 'vitest'
import { planAll } from '../../src/delivery/plan/plan-all.ts'
import { preview } from '../../src/delivery/preview/preview.ts'
import { deliverBatch } from '../../src/delivery/send/deliver-batch.ts'
import { assemble } from '../../src/edition/draft/assemble.ts'
import { release } from '../../src/edition/draft/release.ts'
import { readSequels } from '../../src/edition/select/read-sequels.ts'
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
