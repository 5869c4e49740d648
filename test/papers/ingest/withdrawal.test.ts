import { isNotNull } from 'drizzle-orm'
import { describe, expect } from 'vitest'
import { readEdition } from '../../../src/edition/compose/archive.ts'
import { assemble } from '../../../src/edition/draft/assemble.ts'
import { release } from '../../../src/edition/draft/release.ts'
import { saysRetracted, saysWithdrawn } from '../../../src/papers/ingest/withdrawal.ts'
import { papers } from '../../../src/runtime/db/schema.ts'
import { test } from '../../support/database.ts'
import { addPapers, servicesOn } from '../../support/services.ts'
import { fixture, importing } from '../support.ts'

describe('a comment about this paper', () => {
  test.for([
    'Withdrawn',
    'This paper has been withdrawn by the authors due to an error',
    'This papers has been withdrawn',
    'Paper withdrawn by author',
    'Retracted due to an error in Theorem 1',
    'This article has been retracted',
    'The authors have withdrawn this paper',
    'We withdraw this paper due to an error',
    '12 pages, 3 figures. This paper has been withdrawn by the author due to a crucial sign error',
    '10 pages; withdrawn due to error in Lemma 2',
    'This paper contains an error and has been withdrawn',
    'This paper has been superseded by arXiv:2301.00001 and is withdrawn',
    'Withdrawn from arXiv by the authors',
    'arXiv admin note: This submission has been withdrawn by arXiv administrators',
    'Submission was removed by arXiv admins',
    'Retraction of this paper',
  ])('withdraws it: %s', (comment) => {
    expect(saysWithdrawn({ comment })).toBe(true)
  })

  test.for([
    'Withdrawn from ICLR 2026; under review at ICML 2026',
    'Accepted to TMLR. Previously withdrawn from ICLR 2026.',
    'This paper was withdrawn from ICLR',
    'This work was withdrawn at NeurIPS',
    'Withdrawn ICLR 2026 submission',
    'This paper supersedes the withdrawn arXiv:1234.56789',
    'Replaces an earlier version that was withdrawn',
    'An earlier version of this paper was withdrawn',
    'Previous version: the submission was withdrawn by mistake',
    'Extended version of a withdrawn paper',
    'We retract the claim of Theorem 2 in version 1',
    'A study of retracted papers',
    '20 pages. Not withdrawn.',
    'The dataset was removed from the hub',
  ])('does not withdraw it: %s', (comment) => {
    expect(saysWithdrawn({ comment })).toBe(false)
  })
})

test('a notice instead of the abstract or before the title withdraws a paper; a study of such papers does not', () => {
  const abstracts = ['This paper has been withdrawn.', 'The authors have retracted this paper due to an error.']
  for (const abstract of abstracts)
    expect({ abstract, said: saysWithdrawn({ abstract }) }).toEqual({ abstract, said: true })
  const studies = ['This paper studies articles that have been retracted since 2000.', 'We study withdrawn drugs.']
  for (const abstract of studies)
    expect({ abstract, said: saysWithdrawn({ abstract }) }).toEqual({ abstract, said: false })
  for (const title of ['[Withdrawn] A title', 'RETRACTED: A title', 'A title (withdrawn)'])
    expect({ title, said: saysWithdrawn({ title }) }).toEqual({ title, said: true })
  for (const title of ['Retracted-paper detection with LLMs', 'Retraction maps on manifolds'])
    expect({ title, said: saysWithdrawn({ title }) }).toEqual({ title, said: false })
})

test('retracted is what a journal’s record calls it; a paper about retractions is only withdrawn', () => {
  for (const title of [
    'RETRACTED: A title',
    'Retraction notice to "A title"',
    '[Retracted] A title',
    'A title (retracted)',
  ])
    expect({ title, said: saysRetracted({ title }) }).toEqual({ title, said: true })
  for (const title of ['WITHDRAWN: A title', 'Why papers are retracted', 'A title'])
    expect({ title, said: saysRetracted({ title }) }).toEqual({ title, said: false })
  expect(saysRetracted({ abstract: 'The editors have retracted this article. It was about sleep.' })).toBe(true)
  for (const abstract of ['We retract this article due to an error.', 'Retraction notice: its data were invented.'])
    expect({ abstract, said: saysRetracted({ abstract }) }).toEqual({ abstract, said: true })
  const paper = { title: 'Retraction-free optimization on manifolds', abstract: 'Retractions map tangent vectors.' }
  expect(saysRetracted(paper)).toBe(false)
  expect(saysRetracted({ abstract: 'We show that each absolute retract is contractible.' })).toBe(false)
  expect(saysRetracted({ abstract: 'bioRxiv has withdrawn this manuscript. We count retracted papers.' })).toBe(false)
})

test('arXiv’s first record withdraws a paper known only from a list, and the next edition reports it', async ({
  db,
}) => {
  const at = { now: new Date('2026-11-27T03:30:00Z') }
  const services = servicesOn(db, {}, at)
  await importing(db, fixture('listed.jsonl'), undefined, at.now)
  await assemble(services, { date: '2026-11-26' })
  await release(services, { date: '2026-11-26' })
  // The file is from the list day, which closed before the release.
  await importing(db, fixture('withdrawn.xml'), '2026-11-26', at.now)
  const [paper] = await db.select().from(papers)
  expect(paper!.withdrawnAt).not.toBeNull()
  await addPapers(db, '2026-11-27', 2)
  for (const [date, reported] of [
    ['2026-11-27', true],
    ['2026-11-28', false],
  ] as const) {
    at.now = new Date(Date.parse(`${date}T03:30:00Z`) + 86_400_000)
    if (!reported) await addPapers(db, date, 2)
    await assemble(services, { date })
    await release(services, { date })
    const { text } = (await readEdition(services, date))!
    expect({
      date,
      reported: text.replace(/\s+/g, ' ').includes('“Listed, then Withdrawn” (26 November) was withdrawn'),
    }).toEqual({ date, reported })
  }
})

test('a paper withdrawn from a conference is not withdrawn; a retracted one is', async ({ db }) => {
  await importing(db, fixture('listed-for-conference.jsonl'))
  await importing(db, fixture('conference-and-retracted.xml'))
  const gone = await db.select().from(papers).where(isNotNull(papers.withdrawnAt))
  expect(gone.map((paper) => paper.sourceId)).toEqual(['2511.70011'])
})
