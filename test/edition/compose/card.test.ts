import { expect, test } from 'vitest'
import { formatCard } from '../../../src/edition/compose/card.ts'
import { messagesIn } from '../../../src/messages/catalogue.ts'
import { testConfig } from '../../support/services.ts'

const cardOf = (text: string, summaryByAi: boolean) =>
  formatCard(
    {
      source: 'title',
      sourceId: 'x',
      paperId: 7,
      position: 0,
      section: 'top',
      title: text,
      abstract: text,
      summary: summaryByAi ? text : null,
      summaryByAi,
      authors: [],
      organization: null,
      curator: null,
      note: null,
      votes: null,
      comments: null,
      facts: {},
      stars: null,
      url: null,
      pdfUrl: null,
      codeUrl: null,
      projectUrl: null,
      discussionUrl: null,
      withdrawn: false,
      listDay: '2026-04-14',
    },
    testConfig(),
    messagesIn('zh'),
  )

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
