import { expect, test } from 'vitest'
import { encodeHeaders } from '../../src/mail/headers.ts'
import { listId } from '../../src/mail/list-id.ts'

const headerOf = (name: string, slug: string) =>
  encodeHeaders({
    'List-Id': listId({ newsletter: { name, slug }, MAIL_FROM: { name: '', address: 'a@lab.example' } }, 'daily'),
  })

test('names the list and its part', () => {
  expect(headerOf('Paperboy', 'paperboy')).toBe('List-ID: Paperboy daily <daily.paperboy.lab.example>\r\n')
})

test.for(['Lab (AI), Inc.', 'Über Biologie', '日報', 'A "B"'])('the name %s never garbles the identifier', (name) => {
  expect(headerOf(name, 'newsletter')).toBe('List-ID: <daily.newsletter.lab.example>\r\n')
})
