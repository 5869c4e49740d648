import { execFileSync } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Command } from 'commander'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { COMMAND_NAMES, createProgram } from '../src/cli/program.ts'
import { LOCALES } from '../src/messages/catalogue.ts'
import { ATTENTION_NAMES } from '../src/operate/attention/attention.ts'
import { TEST_EVENT, WEBHOOK_EVENTS } from '../src/operate/webhooks/events.ts'
import { ENVIRONMENT_NAMES, readEnvironment } from '../src/runtime/config/config.ts'
import { SOURCE_NAMES } from '../src/runtime/config/source-names.ts'

/** Everything that README and docs say about the tree is resolved here, and every command that needs no service is run. */
const root = join(import.meta.dirname, '..')
const read = (name: string) => readFileSync(join(root, name), 'utf8')
const PAGES = globSync(['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'docs/**/*.md'], { cwd: root }).sort()
const { scripts } = JSON.parse(read('package.json'))

/** The cells of all table rows below a heading, without headers and rules. */
function rowsOf(page: string, heading = ''): string[][] {
  const [, level] = /^(#*)/.exec(heading)!
  const from = page.slice(page.indexOf(heading) + heading.length)
  const end = level ? from.search(new RegExp(`^#{1,${level.length}} `, 'm')) : -1
  return [...from.slice(0, end < 0 ? undefined : end).matchAll(/^\| (.+) \|$/gm)]
    .map(([, row]) => row!.split(' | ').map((cell) => cell.trim()))
    .filter(([first]) => !/^-+$/.test(first!))
}

/** Code spans and lines of code blocks, one command each. */
const codeOf = (page: string): string[] => {
  const fenced = [...page.matchAll(/^ *```\w*\n([\s\S]*?)^ *```/gm)].flatMap(([, block]) => block!.split('\n'))
  const indented = [...page.matchAll(/^ {4,}(\S.*)$/gm)].map(([, line]) => line!)
  const spans = [...page.matchAll(/`([^`\n]+)`/g)].map(([, span]) => span!)
  return [...fenced, ...indented, ...spans].map((line) => line.trim())
}
const code = [...new Set(PAGES.flatMap((name) => codeOf(read(name))))]

test('the README is short, and its pictures are small', () => {
  expect(read('README.md').split('\n').length).toBeLessThanOrEqual(150)
  const pictures = globSync('docs/pictures/*', { cwd: root })
  expect(pictures.length).toBeGreaterThan(1)
  for (const name of pictures) {
    expect(statSync(join(root, name)).size, name).toBeLessThan(120_000)
    expect(read('README.md')).toContain(name)
  }
})

test('the README has the number of languages', () => {
  const numbers = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten']
  expect(read('README.md')).toContain(`one of ${numbers[LOCALES.length - 1]} languages`)
})

test('every link leads to a file, and every anchor to a heading', () => {
  const anchorsOf = (page: string) =>
    [...page.replace(/^ *```[\s\S]*?^ *```/gm, '').matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
      heading!
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    )
  const broken = PAGES.flatMap((name) =>
    [...read(name).matchAll(/\]\(((?!https?:)[^)]+)\)/g)]
      .map(([, link]) => link!)
      .filter((link) => {
        const [path, anchor] = link.split('#')
        const target = path ? join(dirname(name), path) : name
        if (!existsSync(join(root, target))) return true
        return anchor !== undefined && !anchorsOf(read(target)).includes(anchor)
      })
      .map((link) => `${name}: ${link}`),
  )
  expect(broken).toEqual([])
})

test('every path in code is a path of the tree', () => {
  const paths = code.filter((line) => /^(?:src|workers|test|docs|migrations|templates)\/[a-z./-]+$/.test(line))
  expect(paths.length).toBeGreaterThan(10)
  expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([])
})

test('every page of docs is linked from another page', () => {
  const links = PAGES.flatMap((name) =>
    [...read(name).matchAll(/\]\(([^)#:]+)/g)].map(([, link]) => join(dirname(name), link!)),
  )
  expect(PAGES.filter((name) => name.startsWith('docs/') && !links.includes(name))).toEqual([])
})

describe('docs/configuration.md', () => {
  const page = read('docs/configuration.md')
  const rows = rowsOf(page, '## Variables').filter(([first]) => first !== 'variable')
  const nameOf = ([first]: string[]) => /^`([A-Z_]+)`/.exec(first!)![1]!

  test('names exactly the variables that are read', () => {
    expect(rows.map(nameOf).sort()).toEqual(ENVIRONMENT_NAMES.filter((name) => name !== 'NODE_ENV').sort())
  })

  test('has their defaults', () => {
    const values = { ...readEnvironment({}) } as Record<string, unknown>
    for (const row of rows) {
      const [, documented] = /^`([^`]+)`$/.exec(row[1]!) ?? []
      const value = values[nameOf(row)]
      if (documented === undefined || value === undefined) continue
      const written = value === false ? 'off' : value === true ? 'on' : String(value)
      expect(`${nameOf(row)}=${documented}`).toBe(`${nameOf(row)}=${written}`)
    }
  })

  test('marks the ones that production requires', () => {
    let message = ''
    try {
      readEnvironment({ NODE_ENV: 'production' })
    } catch (error) {
      message = (error as Error).message
    }
    const required = [...message.matchAll(/([A-Z_]+) is required/g)].map(([, name]) => name!)
    expect(required.length).toBeGreaterThan(3)
    const marked = rows.filter(([first]) => first!.includes('●')).map(nameOf)
    expect(marked.sort()).toEqual(required.sort())
  })
})

/** The commands by their path, such as "edition send". */
async function readCommands(): Promise<Map<string, Command>> {
  const program = await createProgram(COMMAND_NAMES)
  const commands = new Map<string, Command>()
  const add = (command: Command, path: string) => {
    commands.set(path, command)
    for (const each of command.commands) add(each, `${path} ${each.name()}`.trim())
  }
  for (const each of program.commands) add(each, each.name())
  return commands
}
const commands = await readCommands()
const leaves = [...commands].filter(([, command]) => command.commands.length === 0)
const optionsOf = (command: Command) => command.options.map(({ long }) => long!)

/** The command that words begin with, and the words behind it. */
function commandAt(words: readonly string[]): { path: string; rest: string[] } | undefined {
  for (const length of [2, 1]) {
    const path = words.slice(0, length).join(' ')
    if (commands.has(path)) return { path, rest: words.slice(length) }
  }
  return undefined
}
const wordsOf = (line: string): string[] => [...line.matchAll(/"([^"]*)"|\S+/g)].map(([word, quoted]) => quoted ?? word)

/** The arguments among the words, without options and their values. */
function argumentsIn(command: Command, words: readonly string[]): string[] {
  const takesValue = (word: string) => command.options.some(({ long, required }) => long === word && required)
  return words.filter((word, at) => !word.startsWith('--') && !takesValue(words[at - 1] ?? ''))
}

describe('docs/commands.md', () => {
  const rows = rowsOf(read('docs/commands.md')).filter(([first]) => first !== 'command')
  const documented = rows.map(([first, does]) => {
    const found = commandAt(wordsOf(first!.replaceAll('`', '')))
    const options = `${first} ${does}`.match(/--[a-z][a-z-]+/g) ?? []
    return { first: first!, ...found, options }
  })

  test('names every command and nothing else', () => {
    expect(documented.filter(({ path }) => path === undefined)).toEqual([])
    expect([...new Set(documented.map(({ path }) => path))].sort()).toEqual(leaves.map(([path]) => path).sort())
  })

  test.each(leaves)('names each option and argument of %s', (path, command) => {
    const mine = documented.filter((each) => each.path === path)
    // All commands of an edition share it; the page says so once.
    const shared = path.startsWith('edition ') ? ['--kind'] : []
    expect([...new Set(mine.flatMap(({ options }) => options))].sort()).toEqual(
      optionsOf(command)
        .filter((option) => !shared.includes(option))
        .sort(),
    )
    for (const { rest } of mine) expect(argumentsIn(command, rest!)).toHaveLength(command.registeredArguments.length)
  })
})

describe('a command in README or docs', () => {
  const operator = code
    .map((line) => /^npm run (?:-s )?paperboy -- ([a-z].*)$/.exec(line)?.[1])
    .filter((line) => line !== undefined)

  test.each(operator)('paperboy %s has its command, options and arguments', (line) => {
    const found = commandAt(wordsOf(line))
    expect(found, line).toBeDefined()
    const command = commands.get(found!.path)!
    const given = found!.rest.filter((word) => word.startsWith('--'))
    expect(given.filter((option) => option !== '--help' && !optionsOf(command).includes(option))).toEqual([])
    if (given.includes('--help')) return
    const missing = command.options.filter(({ mandatory, long }) => mandatory && !given.includes(long!))
    expect(missing.map(({ long }) => long)).toEqual([])
    const needed = command.registeredArguments.filter(({ required }) => required).length
    expect(argumentsIn(command, found!.rest).length).toBeGreaterThanOrEqual(needed)
  })

  test('that is named in a sentence exists, with its options', () => {
    const groups = [...commands].filter(([, command]) => command.commands.length > 0).map(([path]) => path)
    const named = code.filter((line) => new RegExp(`^(?:paperboy )?(?:${groups.join('|')}) [a-z-]+( |$)`).test(line))
    expect(named.length).toBeGreaterThan(20)
    const unknown = named.filter((line) => {
      const found = commandAt(wordsOf(line.replace(/^paperboy /, '')))
      const known = found ? optionsOf(commands.get(found.path)!) : []
      return !found?.path.includes(' ') || found.rest.some((word) => word.startsWith('--') && !known.includes(word))
    })
    expect(unknown).toEqual([])
  })

  test('of npm is a script', () => {
    const named = new Set(
      PAGES.flatMap((name) => [...read(name).matchAll(/npm run (\w+)/g)].map(([, script]) => script!)),
    )
    expect(named.size).toBeGreaterThan(6)
    expect([...named].filter((name) => !(name in scripts))).toEqual([])
  })

  test('of npm whose output goes to a file or a pipe is silent: npm prints a heading of its own', () => {
    const redirected = code.filter((line) => /^npm run .* [>|] /.test(line))
    expect(redirected.length).toBeGreaterThan(2)
    expect(redirected.filter((line) => !line.startsWith('npm run -s '))).toEqual([])
  })

  test('of a bench exists, with its options', () => {
    const benches = code.map((line) => /^npm run bench -- (\w+)(.*)$/.exec(line)).filter((match) => match !== null)
    expect(benches.length).toBeGreaterThan(8)
    for (const [line, name, rest] of benches) {
      const source = read(`test/bench/${name}.bench.ts`)
      for (const option of rest!.match(/--[a-z]+/g) ?? []) expect(source, line).toContain(option)
    }
  })

  test('of vitest runs tests that exist', () => {
    const paths = code.flatMap((line) => (/^npx vitest run (.+)$/.exec(line)?.[1] ?? '').split(' ').filter(Boolean))
    expect(paths.length).toBeGreaterThan(2)
    expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([])
  })

  test('of docker compose names services and profiles of its file', () => {
    const { services } = parse(read('docker-compose.yml'), { merge: true })
    const profiles = Object.values<{ profiles?: string[] }>(services).flatMap((service) => service.profiles ?? [])
    const lines = code.filter((line) => line.startsWith('docker compose '))
    expect(lines.length).toBeGreaterThan(3)
    for (const line of lines) {
      for (const [, profile] of line.matchAll(/--profile (\w+)/g)) expect(profiles).toContain(profile)
      for (const [, service] of line.matchAll(/(?:--scale|exec|run|up)(?: -[\w-]+)* (\w+)/g))
        expect(services).toHaveProperty(service!)
      const [, run] = /src\/cli\/main\.ts ([a-z]+)/.exec(line) ?? []
      if (run) expect(commands.has(run), line).toBe(true)
    }
  })

  test('that makes DKIM keys prints the records for them', { timeout: 60_000 }, () => {
    const [, block] = /## DKIM[\s\S]*?((?:^ {4}.+\n)+)/m.exec(read('docs/operations.md'))!
    const folder = mkdtempSync(join(tmpdir(), 'paperboy-dkim-'))
    try {
      const script = block!.replace('npm run -s paperboy --', `"${process.execPath}" "${root}/src/cli/main.ts"`)
      const env = { PATH: process.env.PATH, HOME: folder }
      const records = execFileSync('bash', ['-euc', script], { cwd: folder, env, encoding: 'utf8', stdio: 'pipe' })
      expect(records).toMatch(/^pb2026\._domainkey\.example\.org\. TXT "v=DKIM1.*rsa/m)
      expect(records).toMatch(/^pb2026e\._domainkey\.example\.org\. TXT "v=DKIM1.*ed25519/m)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

test('docs/webhooks.md names every event', () => {
  const named = rowsOf(read('docs/webhooks.md')).map(([event]) => event!.replaceAll('`', ''))
  expect(named.filter((event) => event !== 'event')).toEqual([...WEBHOOK_EVENTS, TEST_EVENT])
})

test('docs/configuration.md names every source of papers', () => {
  const [, , meaning] = rowsOf(read('docs/configuration.md')).find(([name]) => name === '`PAPER_SOURCES`')!
  for (const source of SOURCE_NAMES) expect(meaning).toContain(`\`${source}\` (`)
})

test('the runbook has an entry for each problem that needs a person', () => {
  const runbook = read('docs/operations.md').split('## Runbook')[1]!
  const entries = [...runbook.matchAll(/^### (.+)$/gm)].map(([, name]) => name!)
  expect(entries.filter((name) => name.includes('_')).sort()).toEqual([...ATTENTION_NAMES].sort())
  for (const name of [
    'Relay down',
    'Database down',
    'Edition went out wrong',
    'List bombed',
    'Key leaked',
    'Source stale',
  ])
    expect(entries).toContain(name)
})

test('docs/architecture.md has the floors that test/floors.test.ts enforces, and every rule', () => {
  const [, floors] = /const FLOORS[^=]*= \[([\s\S]*?)\n\]/.exec(read('test/floors.test.ts'))!
  const enforced = [...floors!.matchAll(/\[([^\]]+)\]/g)].flatMap(([, rooms], at) =>
    [...rooms!.matchAll(/'([^']+)'/g)].map(([, room]) => `${at + 1} ${room}`),
  )
  const page = read('docs/architecture.md')
  const rows = rowsOf(page, '## Rooms and floors').filter(([first]) => first !== 'floor')
  expect(rows.map(([floor, room]) => `${floor} ${room!.replaceAll('`', '')}`).sort()).toEqual(enforced.sort())
  const rules = rowsOf(page, '## Rules that always hold').filter(([first]) => first !== 'rule')
  expect(rules.map(([first]) => Number.parseInt(first!, 10))).toEqual(Array.from({ length: 17 }, (_, n) => n + 1))
  for (const [rule, kept, tested] of rules) {
    expect(kept, rule).toContain('](../')
    expect(tested, rule).toContain('](../test/')
  }
})
