import { expect, test } from 'vitest'
import { composePublicBodies } from '../../../src/edition/compose/archive.ts'
import { formatCard } from '../../../src/edition/compose/card.ts'
import { composeEdition } from '../../../src/edition/compose/compose.ts'
import { messagesIn } from '../../../src/messages/catalogue.ts'
import { cardPaper } from '../../support/card-paper.ts'
import { testConfig } from '../../support/services.ts'

const paperOf = (text: string, summaryByAi: boolean) =>
  cardPaper({
    ...{ source: 'title', sourceId: 'x', paperId: 7, position: 0 },
    ...{ title: text, abstract: text, summary: summaryByAi ? text : null, summaryByAi },
  })
const cardOf = (text: string, summaryByAi: boolean) =>
  formatCard(paperOf(text, summaryByAi), testConfig(), messagesIn('zh'))

test.for([
  ['Latin', 'Attention is enough for that. ', 320],
  ['Chinese', '注意力机制已经足够。', 160],
  ['Korean', '주의만 있으면 충분하다고 합니다. ', 160],
] as const)('a summary in %s fills about the same room', ([, sentence, most]) => {
  for (const byAi of [false, true]) {
    const { ai, abstract } = cardOf(sentence.repeat(60), byAi)
    for (const { text } of [ai, abstract]) {
      expect(text.length).toBeLessThanOrEqual(most)
      expect(text.length).toBeGreaterThan(most * 0.8)
    }
  }
})

test('a paper without an abstract has no empty place for one', async () => {
  const papers = [{ ...paperOf('Only a title', false), abstract: '', url: 'https://lab.example/paper' }]
  const edition = { kind: 'daily', date: '2026-04-14', closesAt: new Date('2026-04-15T02:00:00Z') } as const
  const { segments } = await composeEdition(testConfig(), edition, { papers, listed: 1, corrections: [] })
  const { html, text } = composePublicBodies(segments)
  expect(html).toContain('Only a title')
  expect(html).not.toMatch(/<span dir="auto"[^>]*><\/span>/)
  expect(text).toContain('1. Only a title\n    https://paperboy.example/papers/7\n\n')
  expect(text.split('1. Only a title')[1]!.split('ALSO')[0]).not.toMatch(/\n\s*\n\s*\n {4}/)
})
