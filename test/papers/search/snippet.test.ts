import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Hit, piecesOf, snippetOf } from '../../../src/papers/search/snippet.ts'

const hitsOf = (text: string, ...words: string[]): Hit[] =>
  words
    .flatMap((word) =>
      [...text.matchAll(new RegExp(word, 'g'))].map(({ index }) => ({ start: index, end: index + word.length, word })),
    )
    .sort((a, b) => a.start - b.start)
const shown = (text: string, ...words: string[]) =>
  snippetOf(text, hitsOf(text, ...words))
    .map((piece) => (piece.hit ? `[${piece.text}]` : piece.text))
    .join('')

const long = (what: string) => `We ${'study what there is to see '.repeat(6)}and ${what}.`

describe('a snippet', () => {
  test('is the whole text when it is short', () => {
    expect(shown('A heron. It flies.', 'heron')).toBe('A [heron]. It flies.')
  })

  test('begins and ends with a sentence, and says where text is omitted', () => {
    const text = `${long('rest')} ${long('walk')} Here a heron flies. ${long('sleep')}`
    expect(shown(text, 'heron')).toMatch(/^… We study .* and walk\. Here a \[heron\] flies\. …$/)
    expect(shown(`A heron flies. ${long('rest')} ${long('sleep')}`, 'heron')).toMatch(
      /^A \[heron\] flies\. We .* and rest\. …$/,
    )
  })

  test('is where most of the words are', () => {
    expect(shown(`A heron. ${long('rest')} ${long('sleep')} A heron and a kite.`, 'heron', 'kite')).toMatch(
      /and sleep\. A \[heron\] and a \[kite\]\.$/,
    )
  })

  test('cuts a long sentence between words', () => {
    const text = `We ${'say a few words '.repeat(30)}of a heron ${'and say some more '.repeat(30)}`.trim()
    expect(shown(text, 'heron')).toMatch(
      /^… (a few words|few words|words|say) .*of a \[heron\] and say .*(and|say|some|more) …$/,
    )
  })

  test('never cuts a word, a mark or a character, and is part of the text', () => {
    const word = fc.constantFrom(
      'heron',
      'kite',
      'of',
      '&lt;i&gt;',
      'x<y',
      '🦩',
      '注意力',
      'e.g.',
      'Long-word',
      'fly.',
      'It',
    )
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 200 }), (words) => {
        const text = words.join(' ')
        const hits = hitsOf(text, 'heron', 'kite')
        const pieces = snippetOf(text, hits)
        const whole = pieces.map((piece) => piece.text).join('')
        const inner = whole.replace(/^… /, '').replace(/ …$/, '')
        expect(` ${text} `).toContain(` ${inner} `)
        expect(inner.length).toBeLessThanOrEqual(240)
        for (const piece of pieces) if (piece.hit) expect(['heron', 'kite']).toContain(piece.text)
        if (hits.length > 0) expect(pieces.some((piece) => piece.hit)).toBe(true)
      }),
    )
  })

  test('cuts text without spaces between characters', () => {
    const text = `${'🦩'.repeat(400)}heron`
    expect(shown(text, 'heron')).not.toMatch(/\p{Surrogate}/u)
  })
})

test('hits that overlap are marked once', () => {
  expect(piecesOf('注意力机', [...hitsOf('注意力机', '注意'), ...hitsOf('注意力机', '意力')])).toEqual([
    { text: '注意力', hit: true },
    { text: '机', hit: false },
  ])
})
