import { expect, test } from 'vitest'
import { feedbackId } from '../../src/mail/feedback-id.ts'

test('what the email is, then its newsletter', () => {
  expect(feedbackId(['2026-04-14', 'daily', 'digest'], 'paperboy')).toBe('2026-04-14:daily:digest:paperboy')
})

test.for(['ak', 'a', 'trending-biology-papers', 'trending-biology-news', 'x'.repeat(60), 'a-newsletter-'])(
  'Gmail counts complaints of the newsletter %s too',
  (slug) => {
    const sender = feedbackId(['welcome', 'service'], slug).split(':').at(-1)!
    expect(sender).toMatch(/^[a-z0-9-]{5,15}$/)
    expect(sender).not.toBe(feedbackId([], 'trending-biology-ideas'))
    expect(feedbackId(['2026-04-14'], slug).endsWith(`:${sender}`), 'always the same').toBe(true)
  },
)
