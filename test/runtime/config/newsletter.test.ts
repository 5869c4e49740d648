import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { ConfigError, readEnvironment } from '../../../src/runtime/config/config.ts'
import { DEFAULT_NEWSLETTER, messagesOf, textIn } from '../../../src/runtime/config/newsletter.ts'
import { BACKGROUNDS, DEFAULT_PALETTE } from '../../../src/runtime/config/palette.ts'

const ROOT = join(import.meta.dirname, '../../..')
const BIOLOGY = join(ROOT, 'test/fixtures/biology/newsletter.toml')

function fileOf(text: string, others: Record<string, string | Buffer> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'newsletter-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  for (const [name, body] of Object.entries(others)) writeFileSync(join(folder, name), body)
  const file = join(folder, 'newsletter.toml')
  writeFileSync(file, text)
  return file
}

const readFrom = (NEWSLETTER_FILE: string, env: Record<string, string> = {}) =>
  readEnvironment({ NEWSLETTER_FILE, ...env })

const problemsOf = (text: string, others?: Record<string, string | Buffer>): string => {
  const file = fileOf(text, others)
  try {
    readFrom(file)
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError)
    return (error as Error).message.replaceAll(`${file}: `, '')
  }
  return ''
}

const HEAD = 'name = "Trending Biology Papers"\ncurator = "Rosa"\n'

test('without a file, everything is the default', () => {
  expect(readEnvironment({}).newsletter).toBe(DEFAULT_NEWSLETTER)
  expect(readEnvironment({}).CURATOR_NAME).toBe('AK')
})

test('a file gives the whole identity', () => {
  const { newsletter, CURATOR_NAME, POSTAL_ADDRESS } = readFrom(BIOLOGY)
  expect(newsletter).toMatchObject({
    name: 'Trending Biology Papers',
    slug: 'trending-biology-papers',
    languages: ['de', 'en'],
    defaults: { cadence: 'weekdays', size: 5, hour: 7 },
    contact: 'hallo@biology.example',
    palette: { accent: { light: '#0b6e4f', dark: '#7fd8b5' }, gold: { light: '#6b5300' } },
    logo: { type: 'image/svg+xml' },
    poweredBy: false,
  })
  expect(CURATOR_NAME).toBe('Rosa Lindqvist')
  expect(POSTAL_ADDRESS).toBe('Marktgasse 4, 72070 Tübingen')
  expect(textIn(newsletter.tagline, 'de', newsletter)).toBe('Preprints der Biologie, jeden Werktag um sieben.')
  expect(textIn(newsletter.about, 'en', newsletter)).toContain('Über uns')
  expect(messagesOf(newsletter).mails.welcome.subject).toBe('Willkommen bei Trending Biology Papers')
  expect(messagesOf(newsletter, 'en').mails.welcome.subject).toBe('Welcome to Trending Biology Papers')
})

test('the environment wins over the file, and the file names a bare sender', () => {
  const { CURATOR_NAME, MAIL_FROM } = readFrom(BIOLOGY, { CURATOR_NAME: 'Ada', MAIL_FROM: 'papers@biology.example' })
  expect(CURATOR_NAME).toBe('Ada')
  expect(MAIL_FROM).toEqual({ name: 'Trending Biology Papers', address: 'papers@biology.example' })
  expect(readFrom(BIOLOGY, { MAIL_FROM: 'Lab <a@biology.example>' }).MAIL_FROM?.name).toBe('Lab')
})

test('all problems are reported at once, each by its place', () => {
  const found = problemsOf(
    `${HEAD}hour = 24\nlanguages = ["xx"]\nnam = "x"\n[colours]\naccent = "#ff8800"\ngold = "gold"\n`,
  )
  expect(found).toContain('hour must be 0 to 23')
  expect(found).toContain('languages.0 must be among')
  expect(found).toContain('has unknown settings: nam')
  expect(found).toContain('colours.accent has a contrast of 2.1 on the light pages, and text needs 4.5. Use #a35700')
  expect(found).toContain('colours.gold must look like #0b6e4f')
})

test('a syntax error is named with its line', () => {
  expect(problemsOf('name = "Trending Biology Papers"\ncurator = Rosa\n')).toMatch(/line 2, column \d+: /)
})

test.for([
  ['a missing file', {}, 'does not exist'],
  ['a script', { 'logo.svg': '<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>' }, 'contains a script'],
  ['an event handler', { 'logo.svg': '<svg onload="x()"></svg>' }, 'contains an event handler'],
  ['a link', { 'logo.svg': '<svg><image href="https://a.example/x.png"/></svg>' }, 'contains a link to another file'],
  ['an entity', { 'logo.svg': '<!DOCTYPE svg [<!ENTITY a "b">]><svg/>' }, 'is not an SVG image'],
  ['a page', { 'logo.svg': '<html></html>' }, 'is not an SVG image'],
  ['a huge file', { 'logo.svg': '<svg>'.padEnd(200_001) }, 'has 200001 bytes, more than 200000'],
] as const)('a logo with %s is refused', ([, files, problem]) => {
  expect(problemsOf(`${HEAD}logo = "logo.svg"\n`, { ...files })).toContain(`logo logo.svg ${problem}`)
})

test('an icon is a square PNG of enough pixels', () => {
  const icon = readFileSync(join(ROOT, 'src/http/assets/icon-192.png'))
  expect(problemsOf(`${HEAD}icon = "icon.png"\n`, { 'icon.png': icon })).toBe('')
  const small = readFileSync(join(ROOT, 'src/http/assets/icon-32.png'))
  expect(problemsOf(`${HEAD}icon = "icon.png"\n`, { 'icon.png': small })).toContain('must be square')
  expect(problemsOf(`${HEAD}icon = "icon.png"\n`, { 'icon.png': 'GIF89a' })).toContain('is not a PNG image')
  expect(problemsOf(`${HEAD}icon = "icon.gif"\n`, { 'icon.gif': 'GIF89a' })).toContain('must be an .svg or a .png file')
})

test('the backgrounds and colours are those of the style sheet', () => {
  const style = readFileSync(join(ROOT, 'src/http/assets/style.css'), 'utf8')
  const [light = '', dark = ''] = [...style.matchAll(/:root \{([^}]*)\}/g)].map(([, rules]) => rules)
  const colourIn = (rules: string, name: string) => new RegExp(`--${name}: (#\\w+)`).exec(rules)?.[1]
  for (const [theme, rules] of Object.entries({ light, dark }) as ['light' | 'dark', string][]) {
    for (const name of ['ground', 'raised', 'tint']) expect(BACKGROUNDS[theme]).toContain(colourIn(rules, name))
    for (const name of ['accent', 'gold'] as const) expect(colourIn(rules, name)).toBe(DEFAULT_PALETTE[name][theme])
  }
})
