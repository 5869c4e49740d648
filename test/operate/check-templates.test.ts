import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { preview } from '../../src/delivery/preview/preview.ts'
import { mintToken } from '../../src/mail/tokens.ts'
import { findAttention } from '../../src/operate/attention/find.ts'
import { checkTemplates } from '../../src/operate/check-templates.ts'
import { siteOn } from '../http/site.ts'
import { test } from '../support/database.ts'
import { addSubscriber, NOON, releasedEdition, servicesOn, testConfig } from '../support/services.ts'

const TEMPLATES = join(import.meta.dirname, '../../templates')
const ours = (name: string) => readFileSync(join(TEMPLATES, name), 'utf8')

function folderOf(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'templates-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return folder
}

const check = (files: Record<string, string>) => checkTemplates(testConfig({ TEMPLATES_DIR: folderOf(files) }))

test('a folder replaces pages, parts of emails and style sheets', async ({ db }) => {
  const folder = folderOf({
    'pages/feeds.eta': `${ours('pages/feeds.eta')}\n<p>Our own feeds page.</p>`,
    'pages/wordmark.eta': '<p class="wordmark"><a href="/">The Lab</a></p>',
    'partials/digest-masthead.mjml': '<mj-raw><h1>The Lab’s digest</h1></mj-raw>',
    'digest.txt': ours('digest.txt').replace('<%~ it.brand.name.toUpperCase() %>', 'THE LAB'),
    'css/style.css': ':root { --accent: #123456 }',
  })
  const services = servicesOn(db, { TEMPLATES_DIR: folder })
  services.config.templates = await checkTemplates(services.config)
  expect(services.config.templates.broken).toEqual([])
  await releasedEdition(services, '2026-04-14', 2)
  const { html, text } = await preview(services, { kind: 'daily', date: '2026-04-14' })
  expect(html).toContain('<h1>The Lab’s digest</h1>')
  expect(text).toMatch(/^THE LAB · /)
  const { app } = siteOn(services)
  onTestFinished(() => app.close())
  const page = (await app.inject('/feeds')).body
  expect(page).toContain('Our own feeds page.')
  expect(page).toContain('>The Lab</a>')
  const style = await app.inject(/href="([^"]+style\.css)"/.exec(page)![1]!)
  expect(style.body).toBe(':root { --accent: #123456 }')
  // Another service in this process keeps the defaults.
  const other = siteOn(servicesOn(db))
  onTestFinished(() => other.app.close())
  expect((await other.app.inject('/feeds')).body).not.toContain('The Lab')
})

test('files of Windows editors, with a byte order mark and CRLF, give the same emails, pages and style sheets', async ({
  db,
}) => {
  const names = [
    'digest.txt',
    'digest.mjml',
    'partials/digest-masthead.mjml',
    'partials/digest-foot.mjml',
    'pages/feeds.eta',
    'pages/layout.eta',
  ]
  const windows = (text: string) => `\uFEFF${text.replaceAll('\n', '\r\n')}`
  const folder = folderOf({
    ...Object.fromEntries(names.map((name) => [name, windows(ours(name))])),
    'css/style.css': windows(':root {\n--accent: #123456 }'),
  })
  const plain = servicesOn(db)
  const services = servicesOn(db, { TEMPLATES_DIR: folder })
  services.config.templates = await checkTemplates(services.config)
  expect(services.config.templates.broken).toEqual([])
  const key = { kind: 'daily', date: '2026-04-14' } as const
  await releasedEdition(plain, key.date, 2)
  const sent = await preview(services, key)
  expect([sent.text, sent.html].join(), 'no mark').not.toMatch(/\uFEFF|\r/)
  expect(sent).toEqual(await preview(plain, key))
  const { app } = siteOn(services)
  onTestFinished(() => app.close())
  const page = (await app.inject('/feeds')).body
  expect(page).toMatch(/^<!doctype html>/i)
  const style = await app.inject(/href="([^"]+style\.css)"/.exec(page)![1]!)
  expect(style.body).toBe(':root {\n--accent: #123456 }')
})

test('broken files are named with their line, and the defaults are used', async ({ db }) => {
  const services = servicesOn(db, {
    TEMPLATES_DIR: folderOf({
      'pages/feeds.eta': '<h1>Feeds</h1>\n<p>\n<% if (it.x { %>never<% } %>\n</p>',
      'pages/about.eta': '<h1>About</h1>\n<%= it.unclosed',
      'partials/digest-masthead.mjml': '<mj-raw><h1><%= it.nothing.here %></h1></mj-raw>',
      'partials/digest-opening.mjml': '<mj-raw><p>no marks</p></mj-raw>',
      'css/style.css': 'a { color: red }\nb {\n  color: blue;\n',
      'css/paper.css': 'a { color: red } /* open',
    }),
  })
  services.config.templates = await checkTemplates(services.config)
  const problems = Object.fromEntries(services.config.templates.broken.map(({ file, problem }) => [file, problem]))
  expect(problems).toEqual({
    'pages/feeds.eta': expect.stringMatching(/^line 3: /),
    'pages/about.eta': expect.stringMatching(/^line 2: /),
    'partials/digest-masthead.mjml': expect.stringMatching(/^does not render: .*nothing|here/),
    'partials/digest-opening.mjml': expect.stringMatching(/^does not render: /),
    'css/style.css': 'line 2: a brace is not closed',
    'css/paper.css': 'line 1: a comment is not closed',
  })
  const { app } = siteOn(services)
  onTestFinished(() => app.close())
  expect((await app.inject('/feeds')).statusCode).toBe(200)
  const told = (await findAttention(services)).filter(({ name }) => name === 'template_broken')
  expect(told.map(({ about }) => about).sort()).toEqual(Object.keys(problems).sort())
  expect(told.find(({ about }) => about === 'pages/feeds.eta')!.message).toMatch(
    /^the default is used instead of pages\/feeds\.eta: line 3/,
  )
})

test.for([
  ['partials/digest-masthead.mjml', '<%= it.nothing.here %>', /^does not render: Cannot read .*'here'\)$/],
  ['partials/digest-opening.mjml', '<mj-raw>x</mj-raw>', 'does not render: the mark "opening several" is missing'],
  ['partials/digest-card.mjml', '', 'does not render: the mark "card 0" is missing'],
  [
    'partials/digest-card.mjml',
    '<mj-nope>x</mj-nope>',
    /^does not render: digest\.mjml with all its parts, line \d+ \(mj-nope\): Element mj-nope doesn't .*registered$/,
  ],
  ['digest.mjml', 'no MJML', 'does not render: digest.mjml with all its parts, Parsing failed. Check your mjml'],
  [
    'digest.txt',
    "<%~ include('partials/nothing.txt') %>",
    'does not render: there is no template partials/nothing.txt to include',
  ],
  ['service.mjml', '<mjml><mj-body></mj-body></mjml>', 'does not render: the link of the button (it.url) is missing'],
  ['service.txt', 'Hello', 'does not render: the link of the button (it.url) is missing'],
  ['pages/home.eta', 'a\n<%= "open %>', 'line 2: unclosed string'],
  ['pages/home.eta', 'a\n<%= it.open', 'line 2: unclosed tag'],
] as const)('the problem of %s as %j names the place and the cause', async ([file, text, problem], { db }) => {
  const services = servicesOn(db, { TEMPLATES_DIR: folderOf({ [file]: text }) })
  services.config.templates = await checkTemplates(services.config)
  const matches = typeof problem === 'string' ? problem : expect.stringMatching(problem)
  expect(services.config.templates.broken).toEqual([{ file, problem: matches }])
  const [told] = await findAttention(services).then((all) => all.filter(({ name }) => name === 'template_broken'))
  expect(told!.message).toBe(`the default is used instead of ${file}: ${services.config.templates.broken[0]!.problem}`)
})

test('a page that fails when it is shown is ours instead, and the log says so', async ({ db }) => {
  for (const file of ['pages/unsubscribed.eta', 'pages/layout.eta', 'pages/message.eta', 'pages/wordmark.eta']) {
    const services = servicesOn(db, { TEMPLATES_DIR: folderOf({ [file]: '<%= it.nothing.here %>' }) })
    services.config.templates = await checkTemplates(services.config)
    expect(services.config.templates.broken).toEqual([])
    const { app, logged } = siteOn(services)
    onTestFinished(() => app.close())
    const id = await addSubscriber(db, `${file.replaceAll(/\W/g, '-')}@example.org`)
    const link = `/unsubscribe/${mintToken(services.keys, 'unsubscribe', id, NOON)}`
    const unsubscribed = await app.inject({ method: 'POST', url: link })
    expect([file, unsubscribed.statusCode, unsubscribed.body]).toEqual([file, 200, expect.stringContaining('</html>')])
    const unknown = await app.inject('/nothing-here')
    expect([file, unknown.statusCode, unknown.body]).toEqual([file, 404, expect.stringContaining('</html>')])
    expect(logged()).toMatch(/a template of TEMPLATES_DIR failed/)
  }
})

test('unknown names are ignored and named, links and other files are left alone', async () => {
  const folder = folderOf({
    'pages/fedes.eta': 'x',
    'partials/new.mjml': 'x',
    'css/own.css': 'x',
    'README.md': 'x',
    '.hidden.eta': 'x',
  })
  symlinkSync('/etc/passwd', join(folder, 'digest.txt'))
  const templates = await checkTemplates(testConfig({ TEMPLATES_DIR: folder }))
  expect(templates).toMatchObject({ ignored: ['css/own.css', 'pages/fedes.eta', 'partials/new.mjml'], broken: [] })
  expect([...templates.files]).toEqual([])
})

test('our own templates pass the check', async () => {
  const names = [
    'digest.mjml',
    'digest.txt',
    'service.mjml',
    'service.txt',
    'partials/digest-card.mjml',
    'partials/head.mjml',
    'pages/layout.eta',
  ]
  const { files, broken } = await check(Object.fromEntries(names.map((name) => [name, ours(name)])))
  expect(broken).toEqual([])
  expect([...files.keys()].sort()).toEqual(names.toSorted())
})

test('a folder that does not exist stops the start', () => {
  expect(() => testConfig({ TEMPLATES_DIR: '/nowhere/at/all' })).toThrow(
    'TEMPLATES_DIR /nowhere/at/all is not a folder',
  )
})
