/** Splits texts into the words that papers are compared and found by. */

/** Chinese, Japanese and Korean characters, which stand without spaces between words. The same as in migrations/0011_search_words.sql. */
const IDEOGRAPHS =
  '\\u3005\\u3041-\\u3096\\u309d\\u309e\\u30a1-\\u30fa\\u30fc-\\u30fe\\u3400-\\u4dbf\\u4e00-\\u9fff\\uf900-\\ufaff\\uac00-\\ud7a3\\u{20000}-\\u{3134f}'

/** Letters, digits and their marks. */
const LETTERS = /[\p{L}\p{N}\p{M}]+/gu
/** The same, with runs of ideographs apart. */
const WORD = new RegExp(`[${IDEOGRAPHS}]+|(?:(?![${IDEOGRAPHS}])[\\p{L}\\p{N}\\p{M}])+`, 'gu')
const RUN = new RegExp(`[${IDEOGRAPHS}]`, 'u')

/** Letters without a decomposition in Unicode, as `unaccented` in SQL writes them. */
const PLAIN = new Map(
  Object.entries({ ß: 'ss', æ: 'ae', œ: 'oe', þ: 'th' }).concat(
    [...'łđðøıħŧŋɓɖɗɨʉəɛɔƒɠɲƙƥƭʋƴƶǥƀȼⱥɇɉɍɏⱦȷς'].map((letter, at) => [
      letter,
      'lddoihtnbddiueeofgnkptvyzgbcaejrytjσ'[at]!,
    ]),
  ),
)
const UNPLAIN = new RegExp(`[${[...PLAIN.keys()].join('')}]`, 'gu')

/** Returns the text in lower case, with accents removed and with plain letters (Łukasz → lukasz), as the index has it. */
export const unaccented = (text: string): string => (isPlain(text) ? text.toLowerCase() : fold(text))

/** Most words are, and folding them takes a tenth of the time. */
const PLAIN_TEXT = /^[ -~]*$/

/** Whether a text has only ASCII characters, so that each of its words is one word in lower case. */
export const isPlain = (text: string): boolean => PLAIN_TEXT.test(text)

const fold = (text: string): string =>
  text
    .replace(/[²³¹\u2070-\u209c]/g, ' $& ')
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    // Lower case can bring accents back: İ becomes i with a dot.
    .replace(/[\u0300-\u036f]/g, '')
    .replace(UNPLAIN, (letter) => PLAIN.get(letter)!)
    .normalize('NFC')

/** A word of a text, and where it stands there. */
export interface Token {
  text: string
  at: number
}

/** Finds words and runs of ideographs in a text as it is written. */
export const tokensIn = (text: string): Token[] =>
  [...text.matchAll(LETTERS)].flatMap(({ 0: found, index }) =>
    isPlain(found)
      ? { text: found, at: index }
      : [...found.matchAll(WORD)].map((part) => ({ text: part[0], at: index + part.index })),
  )

/** Returns a text's words without accents. A run of ideographs gives its pairs: 注意力 → 注意, 意力. */
export const foldedWords = (text: string): string[] =>
  isPlain(text)
    ? (text.toLowerCase().match(/[a-z0-9]+/g) ?? [])
    : (unaccented(text).match(WORD) ?? []).flatMap((word) => (RUN.test(word) ? pairsIn([...word]) : [word]))

const pairsIn = (run: string[]): string[] =>
  run.length === 1 ? run : run.slice(1).map((character, before) => run[before]! + character)

/** A word, or one ideograph. */
const PART = new RegExp(`[${IDEOGRAPHS}]|[\\p{L}\\p{N}](?:(?![${IDEOGRAPHS}])[\\p{L}\\p{N}\\p{M}])*`, 'gu')

/** Returns a text's words without accents, with each ideograph alone. So a phrase is found in a text without spaces. */
export const foldedParts = (text: string): string[] =>
  isPlain(text) ? (text.toLowerCase().match(/[a-z0-9]+/g) ?? []) : (unaccented(text).match(PART) ?? [])

export const hasIdeographs = (text: string): boolean => RUN.test(text)

/** What becomes words of its own between spaces: ideographs, and raised or lowered numbers. */
const SPACED = `[${IDEOGRAPHS}²³¹\\u2070-\\u209c]`
const SPACED_PART = new RegExp(SPACED, 'u')
const SPACED_HYPHEN = new RegExp(`(?<=${SPACED})-`, 'gu')

/** Whether `unaccented` in SQL makes several words of a word. */
export const isSpaced = (word: string): boolean => SPACED_PART.test(word)

/** Removes hyphens that would stand behind a space then: websearch_to_tsquery would exclude the word after them. */
export const withoutSpacedHyphens = (word: string): string => word.replace(SPACED_HYPHEN, ' ')

/** Stop words: common English words and common words of abstracts. */
export const STOP_WORDS: ReadonlySet<string> = new Set(
  `about above after again all also although among an and any are as at be because been before being between both but by can could did
  do does doing done down during each either et few first for found from further get had has have having here how however if in into
  is it its itself just large let like made make many may more most much must new no nor not novel now of off on once one only or other
  our out over own paper per propose proposed present same several should show shown shows since so some such than that the their them
  then there these they this those through thus to too two under until up use used using very via was we were what when where whether
  which while who whose why will with within without work would yet you your method approach result achieve state art code available
  https http www github com demonstrate outperform significant significantly across existing introduce including`.split(
    /\s+/,
  ),
)

const LONGEST_WORD = 40

/** Without regular expressions, because every word of every text passes here. */
function singular(word: string): string {
  if (word.length <= 3 || !word.endsWith('s')) return word
  if (word.endsWith('ies')) return `${word.slice(0, -3)}y`
  return 'suia'.includes(word.at(-2)!) ? word : word.slice(0, -1)
}

/** Returns the words to compare: lower case, without accents, plurals without their s, without stop words. */
export const wordsOf = (text: string): string[] =>
  foldedWords(text)
    .map(singular)
    .filter((word) => word.length > 1 && word.length <= LONGEST_WORD && !STOP_WORDS.has(word))
