import { eq } from 'drizzle-orm'
import { expect } from 'vitest'
import { planAll } from '../../src/delivery/plan/plan-all.ts'
import { deliverBatch } from '../../src/delivery/send/deliver-batch.ts'
import { assemble } from '../../src/edition/draft/assemble.ts'
import { release } from '../../src/edition/draft/release.ts'
import { indexPapers } from '../../src/papers/search/index-papers.ts'
import { markPaper } from '../../src/papers/votes/marks.ts'
import { papers } from '../../src/runtime/db/schema.ts'
import { test } from '../http/site.ts'
import { NEVER, sinkThat, workerOn } from '../support/sending.ts'
import { addPapers, addSubscriber } from '../support/services.ts'

/** From a wish to the digest: its papers come, each with its reason. */
test('each wish brings its papers, with its reason as text; a paper of no interest stays away', async ({
  db,
  site,
}) => {
  const { services } = site
  const [folds] = await addPapers(db, '2026-04-02', 1)
  const ids = await addPapers(db, '2026-04-14', 30)
  const change = (id: number, values: Partial<typeof papers.$inferInsert>) =>
    db.update(papers).set(values).where(eq(papers.id, id))
  const folding = { abstract: 'Folding proteins by evolutionary residues of their homologous sequences.' }
  for (const [at, id] of ids.entries())
    await change(id, { title: `Number ${at}`, abstract: `Measurements of subject${at} in region${at}.` })
  await change(folds!, { title: 'AlphaFold: Proteins', ...folding })
  await change(ids[20]!, { authors: ['<b>Yejin</b> Choi'] })
  await change(ids[21]!, { organization: 'ETH Z\\"urich' })
  await change(ids[22]!, folding)
  await indexPapers(services)
  const subscriberId = await addSubscriber(db, 'ada@example.org', {
    likeVoted: true,
    authors: ['<b>yejin</b> choi'],
    organisations: ['ETH Zurich'],
    likePapers: ['2604.02000'],
  })
  await markPaper(services, { subscriberId, paperId: ids[0]!, kind: 'not interested' })

  const { editionId } = await assemble(services, { date: '2026-04-14' })
  await release(services, { date: '2026-04-14' })
  const sink = await sinkThat()
  const { batchIds } = await planAll(services, editionId)
  await deliverBatch(workerOn(services, sink.url), batchIds[0]!, NEVER)

  const { text, html } = await sink.read('ada@example.org')
  const reasons = ['by <b>Yejin</b> Choi, whom you follow', 'from ETH Zürich, which you follow', 'like “AlphaFold”']
  for (const reason of reasons) {
    expect(text).toContain(reason)
    expect(html).toContain(reason.replaceAll('<', '&lt;').replaceAll('>', '&gt;'))
  }
  expect(text).not.toMatch(/^ *\d+\. Number 0$/m)
  expect(text!.match(/^ *\d+\. Number \d+$/gm)).toHaveLength(10)
  for (const judgement of ['vote', 'save', 'not-interested'])
    expect(html).toMatch(new RegExp(`"https://paperboy\\.example/papers/2604\\.14020/${judgement}/[\\w-]{35}"`))
})
