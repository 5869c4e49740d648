import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { parseEnv } from 'node:util'
import { afterAll, expect, onTestFinished, test, vi } from 'vitest'
import { createProgram } from '../../src/cli/program.ts'
import { envText } from '../../src/operate/write-env.ts'
import { readEnvironment } from '../../src/runtime/config/config.ts'
import { describeError } from '../../src/runtime/process.ts'

const folder = mkdtempSync(join(tmpdir(), 'paperboy-init-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const GIVEN = {
  PUBLIC_URL: 'https://papers.example.org',
  MAIL_FROM: 'Paperboy & Friends <papers@example.org>',
  POSTAL_ADDRESS: '1 "Press" Street $5, Inkwell',
  SMTP_URL: 'smtps://user:p%40ss@smtp.example.org:465',
  ADMIN_EMAILS: 'ada@example.org,bob@example.org',
}
const FLAGS = Object.entries(GIVEN).flatMap(([name, value]) => [`--${name.toLowerCase().replace('_', '-')}`, value])

const init = (args: string[]) =>
  new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    const options = { cwd: new URL('../..', import.meta.url), env: { PATH: process.env.PATH ?? '' } }
    const child = execFile(process.execPath, ['src/cli/main.ts', 'init', ...args], options, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    )
    child.stdin?.end()
  })

test('writes a file that Node, a shell and production read alike, and never overwrites it', async () => {
  const file = join(folder, '.env')
  expect(await init(['--file', file, ...FLAGS, '--profiles', 'proxy'])).toMatchObject({ code: 0 })
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const text = readFileSync(file, 'utf8')
  const byNode = parseEnv(text)
  expect(byNode).toMatchObject({ ...GIVEN, COMPOSE_PROFILES: 'proxy' })
  for (const name of ['SECRET_KEY', 'SUPPRESSION_KEY', 'POSTGRES_PASSWORD', 'METRICS_TOKEN'])
    expect([name, byNode[name]]).toEqual([name, expect.stringMatching(/^[0-9a-f]{64}$/)])
  expect(byNode.SECRET_KEY).not.toBe(byNode.SUPPRESSION_KEY)
  const byShell = execFileSync('sh', ['-c', `set -a; . '${file}'; env -0`], { env: {} })
    .toString()
    .split('\0')
  for (const [name, value] of Object.entries(GIVEN)) expect(byShell).toContain(`${name}=${value}`)
  const database = `postgres://paperboy:${byNode.POSTGRES_PASSWORD}@postgres:5432/paperboy`
  expect(readEnvironment({ ...byNode, NODE_ENV: 'production', DATABASE_URL: database })).toMatchObject(GIVEN_READ)

  const again = await init(['--file', file, ...FLAGS])
  expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('not overwritten')])
  expect(readFileSync(file, 'utf8')).toBe(text)
})

const GIVEN_READ = {
  ...GIVEN,
  MAIL_FROM: { name: 'Paperboy & Friends', address: 'papers@example.org' },
  ADMIN_EMAILS: GIVEN.ADMIN_EMAILS.split(','),
}

test('without a terminal, reports missing values; never writes invalid ones', async () => {
  const file = join(folder, 'other.env')
  const missing = await init(['--file', file, '--public-url', 'https://papers.example.org'])
  expect([missing.code, missing.stderr]).toEqual([
    2,
    expect.stringMatching(/--mail-from, --postal-address, --smtp-url/),
  ])
  const wrong = await init(['--file', file, ...FLAGS, '--smtp-url', 'ftp://secret@nowhere'])
  expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('SMTP_URL')])
  expect(wrong.stderr).not.toContain('secret')
  expect(() => statSync(file)).toThrow('ENOENT')
})

/** Puts a terminal in place of ours, for the questions. */
function useTerminal() {
  const keyboard = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => keyboard })
  vi.spyOn(process, 'stdin', 'get').mockReturnValue(keyboard as unknown as typeof process.stdin)
  const screen = Object.assign(new PassThrough(), { isTTY: true, columns: 80 })
  vi.spyOn(process, 'stderr', 'get').mockReturnValue(screen as unknown as typeof process.stderr)
  onTestFinished(() => void vi.restoreAllMocks())
  return { keyboard, screen }
}

test.each([
  ['Ctrl-C', '\x03'],
  ['Ctrl-D', '\x04'],
])('%s at a question ends it in words, and writes nothing', async (_name, key) => {
  const file = join(folder, 'left.env')
  const { keyboard, screen } = useTerminal()
  screen.once('data', () => keyboard.write(key))
  const program = await createProgram(['init'])
  const error = await program.parseAsync(['init', '--file', file], { from: 'user' }).catch((each) => each)
  expect(describeError(error)).toBe('Stopped. Nothing was written.')
  expect(() => statSync(file)).toThrow('ENOENT')
})

test('an answer that is left empty leaves the setting empty: production does not start on the example’s', async () => {
  const file = join(folder, 'empty.env')
  const { keyboard, screen } = useTerminal()
  screen.on('data', (shown) => String(shown).includes(': ') && keyboard.write('\n'))
  vi.spyOn(console, 'log').mockReturnValue()
  const program = await createProgram(['init'])
  await program.parseAsync(['init', '--file', file], { from: 'user' })
  const written = parseEnv(readFileSync(file, 'utf8'))
  expect(Object.keys(GIVEN).map((name) => written[name])).toEqual(['', '', '', '', ''])
  expect(() => readEnvironment({ ...written, NODE_ENV: 'production' })).toThrow(
    /POSTAL_ADDRESS is required in production/,
  )
})

test('a setting that init does not ask for keeps its default, such as the newsletter’s curator', async () => {
  const newsletter = join(folder, 'newsletter.toml')
  writeFileSync(newsletter, 'name = "Biology"\ncurator = "Rosa Lindqvist"\n')
  const written = parseEnv(await envText(GIVEN))
  expect(readEnvironment({ ...written, NEWSLETTER_FILE: newsletter }).CURATOR_NAME).toBe('Rosa Lindqvist')
  const generated = ['SECRET_KEY', 'SUPPRESSION_KEY', 'POSTGRES_PASSWORD', 'METRICS_TOKEN']
  const set = Object.keys(written).filter((name) => written[name] !== '')
  expect(set.sort()).toEqual([...Object.keys(GIVEN), ...generated].sort())
})

test('generates fresh keys each time', async () => {
  expect(parseEnv(await envText(GIVEN)).SECRET_KEY).not.toBe(parseEnv(await envText(GIVEN)).SECRET_KEY)
})
