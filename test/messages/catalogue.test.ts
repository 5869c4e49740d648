import { expect, test } from 'vitest'
import { localeFrom } from '../../src/messages/catalogue.ts'

test.each([
  [undefined, 'en'],
  ['', 'en'],
  ['de', 'de'],
  ['de-CH, de;q=0.9, en;q=0.5', 'de'],
  ['en-GB,en;q=0.9,de;q=0.8', 'en'],
  ['fr, de;q=0.4, en;q=0.3', 'de'],
  ['de;q=0, en', 'en'],
  ['fr', 'en'],
  ['*;q=nonsense, ;;,', 'en'],
])('Accept-Language %s asks for %s', (header, locale) => {
  expect(localeFrom(header)).toBe(locale)
})
