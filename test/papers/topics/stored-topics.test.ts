import { readFile } from 'node:fs/promises'
import { eq, sql } from 'drizzle-orm'
import { describe, expect } from 'vitest'
import { messagesIn } from '../../../src/messages/catalogue.ts'
import { prepareToStore } from '../../../src/papers/ingest/store.ts'
import { findTopics } from '../../../src/papers/topics/find-topics.ts'
import { canonicalSlug } from '../../../src/papers/topics/keywords.ts'
import { refreshTopics } from '../../../src/papers/topics/refresh-topics.ts'
import { topicCounts } from '../../../src/papers/topics/topic-counts.ts'
import { otherSpellings, readTopicNames } from '../../../src/papers/topics/topic-name.ts'
import { topicWeeks } from '../../../src/papers/topics/topic-weeks.ts'
import { papers, subscribers } from '../../../src/runtime/db/schema.ts'
import { test } from '../../support/database.ts'
import { addPapers, addSubscriber, NOON } from '../../support/services.ts'
import { hfEntry, importing, withFile } from '../support.ts'

const entriesWith = (keywords: string[][]) =>
  JSON.stringify(keywords.map((ai_keywords, at) => hfEntry(`2604.1000${at}`, { ai_keywords })))

const en = messagesIn('en')
const now = () => NOON

describe('topics of stored papers', () => {
  test('of seven days are those of a week up to the newest list', async ({ db }) => {
    for (const day of ['2026-04-07', '2026-04-08', '2026-04-14']) await addPapers(db, day, 1)
    await db.update(papers).set({ topics: ['agents'] })
    expect(await topicCounts({ db, now }, { days: 7, fewest: 1 })).toMatchObject([{ slug: 'agents', papers: 2 }])
  })

  test('are named by their most frequent spelling, and found by any', async ({ db }) => {
    const keywords = [
      ['GRPO'],
      ['GRPO', 'RoPE scaling'],
      ['group relative policy optimization (GRPO)'],
      ['grpo training'],
    ]
    await withFile(entriesWith(keywords), (file) => importing(db, file))
    expect(await refreshTopics({ db }), 'new papers were stored with their topics').toBe(0)
    const slug = 'group-relative-policy-optimization'
    const nameOf = await readTopicNames(db, [slug, 'rope-scaling', 'agents'])
    expect([nameOf(slug), nameOf('rope-scaling'), nameOf('agents')]).toEqual(['GRPO', 'RoPE scaling', 'Agents'])
    expect(await otherSpellings(db, slug, 'GRPO')).toEqual(['Group relative policy optimization', 'GRPO training'])
    for (const words of ['grpo', 'relative policy', 'Group Relative'])
      expect((await findTopics({ db, now }, words, en))[0]).toEqual({ slug, name: 'GRPO', papers: 4 })
    expect((await topicCounts({ db, now }, { fewest: 1 })).find((topic) => topic.slug === slug)?.name).toBe('GRPO')
  })

  test('are made again when the rules or the keywords change, and not otherwise', async ({ db }) => {
    await withFile(entriesWith([['flow matching']]), (file) => importing(db, file))
    expect((await db.select().from(papers))[0]!.topics).toContain('flow-matching')
    await withFile(entriesWith([['flow matching']]), (file) => importing(db, file))
    expect(await refreshTopics({ db }), 'the same list again').toBe(0)
    await db.update(papers).set({ topicRules: 0, topics: ['of-earlier-rules'] })
    expect(await refreshTopics({ db })).toBe(1)
    expect((await db.select().from(papers))[0]!.topics).not.toContain('of-earlier-rules')
    await withFile(entriesWith([['humanoid robots']]), (file) => importing(db, file))
    expect(await refreshTopics({ db })).toBe(1)
    const { topics } = (await db.select().from(papers))[0]!
    expect(topics).toContain('robotics')
    expect(topics, 'of the old keywords').not.toContain('flow-matching')
  })

  test('of two processes, one makes them', async ({ db }) => {
    await addPapers(db, '2026-04-14', 30)
    const done = await Promise.all([refreshTopics({ db }), refreshTopics({ db })])
    expect(done[0]! + done[1]!).toBe(30)
  })

  test('are made after a list that is being stored, which counts spellings too', async ({ db }) => {
    await addPapers(db, '2026-04-14', 1)
    await db.transaction(async (tx) => {
      await prepareToStore(tx, [])
      expect(await refreshTopics({ db })).toBe(0)
    })
    expect(await refreshTopics({ db })).toBe(1)
  })

  test('are counted by week', async ({ db }) => {
    for (const day of ['2026-04-13', '2026-04-14', '2026-04-01', '2026-01-01']) await addPapers(db, day, 2)
    await db.execute(sql`UPDATE papers SET topics = '{agents}'`)
    const weeks = (await topicWeeks(db, '2026-04-15'))!
    expect([weeks.lastDay, weeks.mondays.length, weeks.mondays.at(-1)]).toEqual(['2026-04-14', 12, '2026-04-13'])
    expect(weeks.counts.get('agents')).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 4])
    expect((await topicWeeks(db, '2026-04-02'))!.lastDay, 'days to come do not count').toBe('2026-04-01')
  })
})

describe('the migration to one slug per topic', () => {
  /** The part of the migration that changes rows. */
  const dataPart = async () => {
    const text = await readFile(new URL('../../../migrations/0012_topics.sql', import.meta.url), 'utf8')
    return text.slice(text.indexOf('-- Old slugs by their topic'))
  }

  test('moves wishes and papers; retired topics become keywords', async ({ db }) => {
    const ada = await addSubscriber(db, 'ada@example.org', {
      topics: ['sft', 'many-languages', 'supervised-fine-tuning', 'visual-fidelity', 'agent-identitie', 'robotics'],
      keywords: ['lora'],
    })
    const bob = await addSubscriber(db, 'bob@example.org', { topics: ['robotics'] })
    const [id] = await addPapers(db, '2026-04-14', 1)
    await db.update(papers).set({ topics: ['agents', 'moe', 'fid'] })
    const statements = await dataPart()
    await db.transaction(async (tx) => void (await tx.execute(sql.raw(statements))))
    const wishes = async (subscriber: number) =>
      (
        await db
          .select({ topics: subscribers.topics, keywords: subscribers.keywords })
          .from(subscribers)
          .where(eq(subscribers.id, subscriber))
      )[0]
    expect(await wishes(ada)).toEqual({
      topics: ['supervised-fine-tuning', 'multilingual', 'agent-identity', 'robotics'],
      keywords: ['lora', 'visual fidelity'],
    })
    expect(await wishes(bob)).toEqual({ topics: ['robotics'], keywords: [] })
    expect((await db.select().from(papers).where(eq(papers.id, id!)))[0]!.topics).toEqual([
      'agents',
      'mixture-of-experts',
    ])
  })

  test('says what the code says', async () => {
    const pairs = [...(await dataPart()).matchAll(/^ {2}\('([a-z0-9-]+)', '([^']+)'\)/gm)]
    expect(pairs.length).toBeGreaterThan(100)
    for (const [, topic, olds] of pairs)
      for (const old of olds!.split(' ')) expect([old, canonicalSlug(old)]).toEqual([old, topic])
  })
})
