import { sql } from 'drizzle-orm'
import { expect } from 'vitest'
import { foldedWords, hasIdeographs, tokensIn, unaccented, wordsOf } from '../../../src/papers/search/words.ts'
import { test } from '../../support/database.ts'

test('the program and the database fold every letter alike', async ({ db }) => {
  const letters = Array.from({ length: 0x1_0000 }, (_, code) => String.fromCharCode(code))
    .concat(['𝛼', '𠮷', 'ﬁ', 'ǆ'])
    // A letter alone, since marks and half characters are none.
    .filter((letter) => /[\p{L}\p{N}]/u.test(letter))
  // Letters that the database's version of Unicode does not know yet are left out.
  const { rows } = await db.execute<{ letter: string; folded: string }>(
    sql`SELECT letter, unaccented(letter) AS folded FROM unnest(${sql.param(letters)}::text[]) letter WHERE unicode_assigned(letter)`,
  )
  expect(rows.length).toBeGreaterThan(40_000)
  // The database keeps case, which full-text search ignores, and writes pairs of ideographs.
  const differ = rows.filter(({ letter, folded }) => {
    const [ours, theirs] = [unaccented(letter).trim(), folded.toLowerCase().trim()]
    return ours !== theirs && !(ours.length > 1 && hasIdeographs(ours))
  })
  expect(differ).toEqual([])
})

test('folds letters that have no decomposition', () => {
  expect(unaccented('Łukasz Đặng Søren Weiß Æsir Œuvre Þór İstanbul ŋ Erdős')).toBe(
    'lukasz dang soren weiss aesir oeuvre thor istanbul n erdos',
  )
})

test('splits runs of ideographs into pairs, and other text into words', () => {
  expect(foldedWords('用GPT-4研究注意力 データ 猫')).toEqual([
    '用',
    'gpt',
    '4',
    '研究',
    '究注',
    '注意',
    '意力',
    'デー',
    'ータ',
    '猫',
  ])
  expect(tokensIn('On 注意力, on')).toEqual([
    { text: 'On', at: 0 },
    { text: '注意力', at: 3 },
    { text: 'on', at: 8 },
  ])
  expect(wordsOf('The studies of networks show analysis')).toEqual(['study', 'network', 'analysis'])
})
