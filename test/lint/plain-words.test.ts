import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { EXCEPTIONS, findWords, proseFiles } from './plain-words.ts'

const found = (name: string, source: string) => findWords(name, source).map(({ line, word }) => `${line} ${word}`)

describe('a comment', () => {
  test.each([
    ['Whoever asks gets it.', 'Whoever'],
    ['Nobody waits.', 'Nobody'],
    ['Somebody looks.', 'Somebody'],
    ['It is for everybody.', 'everybody'],
    ['Sends meanwhile.', 'meanwhile'],
    ['The how-manieth attempt.', 'how-manieth'],
    ['It lets the next one be.', 'lets'],
    ['No relay is to be had.', 'to be had'],
    ['A slow one at that.', 'at that'],
    ['The operator is told.', 'is told'],
    ['Counts what is unsent.', 'what is unsent'],
    ['Give its place on arXiv; it takes its place.', 'takes its place'],
    ['At eight on the clock of Berlin.', 'on the clock of'],
    ['Words parted by commas.', 'parted by'],
    ['Leave Paperboy by one link.', 'Leave Paperboy'],
    ['Readers who left stay away.', 'who left'],
  ])('%s', (sentence, word) => {
    const words = findWords('src/a.ts', `const one = 1\n/** ${sentence} */\n`)
    expect(words.map((each) => each.line)).toContain(2)
    expect(words.map((each) => each.word).join(' | ')).toContain(word.split(' ')[0])
  })
})

test('is read in comments and sentences, not in identifiers, keys, expressions or quoted code', () => {
  const source = [
    'const nobody = IN_NOBODYS_HAND // Nobody waits.',
    "log('nobody', somebody.meanwhile)",
    "fail('It is for nobody.')",
    'say(`$' + '{whoever(nobody)} asked, and somebody came`)',
    '// The column `nobody` stays.',
    '/* one',
    '   whoever */',
  ].join('\n')
  expect(found('src/a.ts', source)).toEqual(['1 Nobody', '3 nobody', '4 somebody', '7 whoever'])
})

test.each([
  [
    'templates/pages/a.eta',
    '<p class="nobody"><% nobody() %>\nNobody</p><%= "for everybody here" %>',
    ['2 Nobody', '2 everybody'],
  ],
  ['templates/a.txt', 'Meanwhile <%~ it.meanwhile %>', ['1 Meanwhile']],
  ['migrations/1.sql', "-- Nobody reads it.\nSELECT 'nobody'", ['1 Nobody']],
  ['README.md', 'Nobody\n```\nnobody\n```\n`nobody`', ['1 Nobody']],
  ['.env.example', '# for whoever runs it\nNOBODY=1', ['1 whoever']],
])('is read in %s', (name, source, words) => {
  expect(found(name, source)).toEqual(words)
})

test('“mail” is an email to readers, and only to them', () => {
  const source = "lead: 'One mail a day.'"
  expect(found('src/messages/en.ts', source)).toEqual(['1 mail'])
  expect(found('src/relay/relay.ts', source)).toEqual([])
})

test.each(EXCEPTIONS)('“%s” stays', (phrase) => {
  expect(found('src/messages/en.ts', `lead: 'Your ${phrase}.'`)).toEqual([])
})

test('each finding says what to write instead', () => {
  for (const { instead } of findWords('src/a.ts', '// Whoever and nobody, meanwhile.')) expect(instead).not.toBe('')
})

test('all prose of the repository is checked, and no fixture', () => {
  const files = proseFiles(join(import.meta.dirname, '../..'))
  for (const file of [
    'README.md',
    'src/app.ts',
    'src/http/assets/style.css',
    'templates/digest.txt',
    'workers/main.ts',
    'test/flow.test.ts',
  ])
    expect(files).toContain(file)
  expect(files.filter((file) => file.includes('fixtures'))).toEqual([])
})
