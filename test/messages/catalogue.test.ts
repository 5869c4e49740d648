import { describe, expect, test } from 'vitest'
import { LOCALES, type Locale, messagesIn } from '../../src/messages/catalogue.ts'

/** A value that no catalogue contains. Strings pass for numbers: their toLocaleString returns them. */
const MARKS = ['⟦1⟧', '⟦2⟧', '⟦3⟧', '⟦4⟧', '⟦5⟧']
const ABOUT = { curator: MARKS[0], hour: MARKS[1] }

/** Arguments of functions that take more than texts and numbers, or that choose by their value. */
const ARGUMENTS: Record<string, unknown[][]> = {
  'signUp.follows': [[MARKS.slice(0, 2)]],
  'signUp.promise': [['daily'], ['weekdays'], ['weekly']],
  'welcome.minutes': [[5], [10], [20]],
  'preferences.topicCount': [[0], [1], [7]],
  'preferences.learned': [
    [{ votes: 7, saved: 8, notInterested: 9, words: MARKS.slice(0, 2) }],
    [{ votes: 1, saved: 0, notInterested: 0, words: MARKS.slice(0, 1) }],
  ],
  'reason.chance': [
    [MARKS.slice(0, 2), ...MARKS.slice(2, 5)],
    [[1, 5], ...MARKS.slice(2, 4)],
  ],
  'reason.votes': [[MARKS[0]], MARKS.slice(0, 2)],
  'reason.best': [[MARKS[0]], MARKS.slice(0, 2)],
  'reason.topics': [[MARKS.slice(0, 1)], [MARKS.slice(0, 2)]],
  'reason.rank': [MARKS.slice(0, 3), MARKS.slice(0, 4)],
  'reason.timesUsual': [[2], [7]],
  'reason.sequel': [
    [MARKS[0], true],
    [MARKS[0], false],
  ],
  'search.count': [[MARKS[0], true]],
  'about.sections': [[{ ...ABOUT, huggingFace: true }], [{ ...ABOUT, huggingFace: false }]],
  'privacy.not': [[true], [false]],
  'privacy.forHowLong': [
    ['reader', MARKS[0]],
    ['suppression', undefined],
    ['reader', undefined],
  ],
}

/** Every text of a catalogue by its path. Functions are called with marks for their arguments. */
function textsOf(value: unknown, path = ''): [path: string, text: string][] {
  if (typeof value === 'string') return [[path, value]]
  if (typeof value === 'function') {
    const calls = ARGUMENTS[path] ?? [MARKS.slice(0, numberOfArguments(path))]
    return calls.flatMap((args, at) => textsOf(value(...args), calls.length > 1 ? `${path}(${at})` : `${path}()`))
  }
  return Object.entries(value as object).flatMap(([key, each]) => textsOf(each, path === '' ? key : `${path}.${key}`))
}

/** Catalogues may ignore an argument that English uses; so English decides. */
function numberOfArguments(path: string): number {
  let found: unknown = messagesIn('en')
  for (const key of path.split('.')) found = (found as Record<string, unknown>)[key]
  return (found as () => void).length
}

const ENGLISH = new Map(textsOf(messagesIn('en')))
const OTHERS = LOCALES.filter((locale) => locale !== 'en')
const textsIn = (locale: Locale) => textsOf(messagesIn(locale))

/** Names, formats and words that another language shares with English, or texts made of arguments only. */
const SHARED = [
  /^(?:PDF|API|arXiv|Code|Feeds?|Name|Format|System[es]?|Version|Articles?|Audio|Video & 3D|Agents)$/,
  /^(?:Navigation|Vision|Age?ntes?|Minutes?|Total|Deep Research|Robotics|Training|Status|Organisation|Filter|Kontakt|Trends)$/,
  /^(?:Benchmarks & Evaluation|3D & Rendering|Computer Vision|Reinforcement Learning|Live · .*)$/,
  /^[^\p{L}]*$/u,
  /⟦/,
]
const SAME_BY_NATURE = new Set([
  'newsletter',
  ...['punctuation.stop', 'punctuation.space', 'punctuation.colon', 'punctuation.comma', 'punctuation.semicolon'],
  ...['topics.findExample', 'trends.votes().word'],
])

describe.each(OTHERS)('in %s', (locale) => {
  test('has every text of English, with the same arguments', () => {
    const texts = textsIn(locale)
    expect(texts.map(([path]) => path)).toEqual([...ENGLISH.keys()])
    for (const [path, text] of texts) {
      const marksIn = (each: string) => MARKS.filter((mark) => each.includes(mark))
      expect([path, marksIn(text)]).toEqual([path, marksIn(ENGLISH.get(path)!)])
    }
  })

  test('no text is still English', () => {
    const same = textsIn(locale).filter(
      ([path, text]) =>
        text === ENGLISH.get(path) &&
        !SAME_BY_NATURE.has(path) &&
        !SHARED.some((words) => words.test(text.trim())) &&
        !/^keys\.keys\.\d\.0$|^about\.sections.*\.id$/.test(path),
    )
    expect(same).toEqual([])
    for (const [path, text] of textsIn(locale)) {
      expect([path, text]).not.toEqual([path, expect.stringMatching(/\b(?:the|and|your|you|with|from|this|that)\b/i)])
    }
  })

  test('no text begins or ends with a space, doubles one, or shows a value that is missing', () => {
    for (const [path, text] of textsIn(locale)) {
      if (path.startsWith('punctuation.')) continue
      expect([path, text]).not.toEqual([path, expect.stringMatching(/^ | {2}| [.,]|undefined|NaN|\[object/)])
    }
  })
})

/** Typography that a translator easily misses, by language. */
const WRONG: Record<Exclude<Locale, 'en'>, RegExp> = {
  // A space that may break, or none; a straight apostrophe.
  fr: /(?<!https?|\d)[\p{L}\p{N}»⟧] ?[:;!?»](?!\/)(?=\s|$)|[«] |«(?!\u00a0)|(?<!\u00a0)»|'/u,
  // A question or exclamation without its first sign; other quotes.
  es: /^(?!.*¿).*\?(?=\s|$|»)|^(?!.*¡).*!|[“”„]|'/,
  de: /[«»']|“\p{L}/u,
  // Half-width punctuation after a Chinese character; no space, or a breaking one, where the scripts meet.
  zh: /\p{sc=Han}[,;:!?.]|[，。；：！？、（] | [，。；：！？、）]|\p{sc=Han}[A-Za-z0-9]|[A-Za-z0-9]\p{sc=Han}|[«»]/u,
}

test.each(Object.entries(WRONG))('typography of %s', (locale, wrong) => {
  const found = textsIn(locale as Locale).filter(
    ([path, text]) => wrong.test(text) && !path.startsWith('punctuation.') && !path.startsWith('keys.keys'),
  )
  expect(found).toEqual([])
})

test('numbers, plurals and names of each language', () => {
  const [es, fr, zh] = (['es', 'fr', 'zh'] as const).map((locale) => messagesIn(locale))
  expect([1, 2, 12_400].map(es!.paper.votes)).toEqual(['1 voto', '2 votos', '12.400 votos'])
  expect([0, 1, 2, 12_400].map(fr!.paper.votes)).toEqual(['0 vote', '1 vote', '2 votes', '12\u202f400 votes'])
  expect([1, 12_400].map(zh!.paper.votes)).toEqual(['1\u00a0票', '12,400\u00a0票'])
  expect(fr!.digest.picks('AK')).toBe('Le choix d’AK')
  expect(fr!.digest.picks('Julien')).toBe('Le choix de Julien')
  // A y before a vowel is a consonant.
  expect(fr!.reason.author('Yejin Choi')).toBe('de Yejin Choi, que vous suivez')
  expect(fr!.reason.author('Yves Meyer')).toBe('d’Yves Meyer, que vous suivez')
  expect(fr!.reason.organisation('OpenAI')).toBe('d’OpenAI, que vous suivez')
  expect(fr!.reason.rank(1, 32, fr!.reason.finalRanking, 12)).toBe(
    '1er sur 32 au classement final, 12\u202f% des votes',
  )
  expect(es!.digest.and('Ada Lovelace', 'Ilya Sutskever')).toBe('Ada Lovelace e Ilya Sutskever')
  expect(es!.digest.and('Ada Lovelace', 'Yejin Choi')).toBe('Ada Lovelace y Yejin Choi')
  expect(es!.lead.shared('TinySAM', 'IA-RED', '9 votos')).toBe('TinySAM e IA-RED van en cabeza con 9 votos cada uno.')
  // Not "al 3.º puesto": before a noun it is "3.er".
  expect(es!.reason.rise(12, 3, 31, 'la lista del lunes')).toBe('sube del puesto 12 al 3 de 31 en la lista del lunes')
  // One o'clock is singular, and so is one vote.
  expect(es!.mails.at('martes, 14 de abril de 2026', '01:00', 'Europe/Madrid')).toBe(
    'martes, 14 de abril de 2026 a la 01:00 (Europe/Madrid)',
  )
  expect(es!.mails.at('martes', '11:00', 'UTC')).toBe('martes a las 11:00 (UTC)')
  expect(es!.welcome.zoneNow('Madrid', '01:42')).toBe('Hora de Madrid; ahora es la 01:42.')
  expect(es!.welcome.zoneNow('Madrid', '13:42')).toBe('Hora de Madrid; ahora son las 13:42.')
  const one = '01:00'
  const { list, digest, reason, about } = es!
  const withHours = [
    ...[list.open(one), list.openUntil(one, 'lunes'), list.asOf('14 abr', one), list.closed('14 abr', one)],
    ...[digest.listClosed('', one), digest.listAsOf('', '', one), digest.weekClosed('', one), reason.asOf('', one)],
    ...about.sections({ curator: 'AK', hour: one, huggingFace: true }).flatMap(({ text }) => text),
  ]
  expect(withHours.filter((text) => text.includes(one))).toHaveLength(9)
  expect(withHours.filter((text) => /las 01/.test(text))).toEqual([])
  expect(es!.paper.historyOnce(es!.paper.votes(1), '14 de abril de 2026, 06:00 UTC')).toBe(
    '1 voto en la lista de la comunidad el 14 de abril de 2026, 06:00 UTC.',
  )
  const de = messagesIn('de')
  expect(de.mails.at('Dienstag, 14. April 2026', '08:00', 'Europe/Berlin')).toBe(
    'Dienstag, 14. April 2026 um 08:00 Uhr (Europe/Berlin)',
  )
  expect(de.welcome.zoneNow('Berlin', '08:00')).toBe('Zeit in Berlin, jetzt 08:00 Uhr.')
  // Not "en L’IA pour la science": "en" suits few names of topics.
  expect(fr!.reason.only('L’IA pour la science')).toBe(
    'le seul article du jour sur le thème «\u00a0L’IA pour la science\u00a0»',
  )
  expect(fr!.reason.best(30, 'Jeux')).toBe(
    'record de votes le premier jour pour le thème «\u00a0Jeux\u00a0» depuis 30 jours',
  )
  expect(es!.reason.best(30, 'Agentes')).toBe('más votos en su primer día de los artículos sobre agentes en 30 días')
  expect(es!.topics.about('Robótica')).toBe('Artículos sobre robótica')
  expect(es!.topics.about('IA para la ciencia')).toBe('Artículos sobre IA para la ciencia')
})

test.each(LOCALES)('in %s, one result is not several', (locale) => {
  const { search, welcome, digest } = messagesIn(locale)
  if (locale !== 'zh') expect(search.closest(1)).not.toMatch(/\d/)
  expect(search.closest(7)).toContain('7')
  expect(welcome.andMore(1)).toContain(digest.andMore(1).replace(/^\D+(?=1)/, ''))
})
