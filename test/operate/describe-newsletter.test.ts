import { join } from 'node:path'
import { expect, test } from 'vitest'
import { describeNewsletter } from '../../src/operate/describe-newsletter.ts'
import { testConfig } from '../support/services.ts'

test('lists the identity in force, without a file and with one', () => {
  const byName = (env?: Record<string, string>) =>
    Object.fromEntries(describeNewsletter(testConfig(env)).map(({ name, value }) => [name, value]))
  expect(byName()).toMatchObject({ file: 'none', name: 'Paperboy', curator: 'AK', logo: 'none' })
  const file = join(import.meta.dirname, '../fixtures/biology/newsletter.toml')
  expect(byName({ NEWSLETTER_FILE: file })).toMatchObject({
    file,
    name: 'Trending Biology Papers',
    accent: '#0b6e4f, #7fd8b5 on dark pages',
    languages: 'de, en',
    'new readers get': 'weekdays, 5 papers, at 7:00',
    links: 'Mastodon https://social.example/@biology',
  })
})
