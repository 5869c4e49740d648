import { expect, test } from 'vitest'
import { renderEditorNote } from '../../../src/edition/compose/editor-note.ts'
import { messagesIn } from '../../../src/messages/catalogue.ts'
import { DEFAULT_NEWSLETTER } from '../../../src/runtime/config/newsletter.ts'

const render = (note: string) =>
  renderEditorNote(
    note,
    { CURATOR_NAME: 'AK', PUBLIC_URL: 'https://paperboy.example', newsletter: DEFAULT_NEWSLETTER },
    messagesIn('en'),
  )

test('has paragraphs, emphasis and links in both bodies', () => {
  const { html, text } = render('Read *this* and **that**: [the paper](https://arxiv.org/abs/1).\n\nSecond.')
  expect(html).toContain('<b>From AK, the editor.</b> Read <em>this</em> and <strong>that</strong>: <a class="accent"')
  expect(html).toContain('href="https://arxiv.org/abs/1">the paper</a>')
  expect(html.match(/<p /g)).toHaveLength(2)
  expect(text).toBe('From AK, the editor. Read this and that: the paper\n(https://arxiv.org/abs/1).\n\nSecond.')
})

test.for([
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '[x](javascript:alert(1))',
  '[x](data:text/html,<script>)',
  '![x](https://tracker.example/pixel.gif)',
  '[x](https://a.example/"onmouseover="alert(1))',
  '<a href="https://a.example" onclick="x">',
  '</div></td></tr></table>',
])('%s stays text', (note) => {
  const { html } = render(note)
  expect(html).not.toMatch(/<script|<img|<\/div|<\/td|javascript:[^<]*">|data:[^<]*">/)
  expect(html).not.toMatch(/<[^>]*\son\w+=/)
})

test('a link may name a paper here by its id', () => {
  const { html, text } = render('Start with [QuanBench+](2604.08570) and [an old one](hep-th/9901001).')
  expect(html).toContain('href="https://paperboy.example/papers/2604.08570">QuanBench+</a>')
  expect(html).toContain('href="https://paperboy.example/papers/hep-th/9901001">an old one</a>')
  expect(text.replaceAll(/\s+/g, ' ')).toContain('QuanBench+ (https://paperboy.example/papers/2604.08570)')
  expect(render('[x](../admin) [y](2604.08570/vote)').html).not.toContain('<a ')
})
