import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { choosePort } from '../src/embedded/port.ts'
import { startProgram, until } from './support/processes.ts'

const WORKERS = new URL('../workers/', import.meta.url).href

/** Runs before an entry point. Prints the files loaded until the page is there, and until the worker is; and what ran while routes loaded. */
const PRELOADED = `
  import { readFileSync } from 'node:fs'
  import { registerHooks } from 'node:module'
  const files = []
  const formatters = []
  let beside
  for (const name of ['DisplayNames', 'ListFormat'])
    Intl[name] = new Proxy(Intl[name], { construct: (made, all) => (formatters.push(name), new made(...all)) })
  const children = () => readFileSync('/proc/self/task/' + process.pid + '/children', 'utf8').split(' ').filter(Boolean)
  const programOf = (pid) => readFileSync('/proc/' + pid + '/cmdline', 'utf8').split('\\0')[0].split('/').at(-1)
  registerHooks({
    load(url, context, next) {
      files.push(url)
      if (url.endsWith('/src/app.ts')) beside = children().map(programOf)
      return next(url, context)
    },
  })
  performance.mark = (name) => console.log(name + ' ' + JSON.stringify({ files, formatters, beside }) + ' end')`

test('npm start loads its page while PostgreSQL starts, and everything else later', { timeout: 90_000 }, async () => {
  await using stack = new AsyncDisposableStack()
  const dataDir = await mkdtemp(join(tmpdir(), 'paperboy-loading-'))
  stack.defer(() => rm(dataDir, { recursive: true, force: true }))
  // The database's user can enter it, so that the database lies in it and goes with it.
  await chmod(dataDir, 0o755)
  const preload = `data:text/javascript,${encodeURIComponent(PRELOADED)}`
  const service = startProgram(process.execPath, ['--import', preload, 'src/start.ts'], {
    ...{ DATA_DIR: dataDir, PAPER_SOURCES: 'none' },
    ...{ PORT: `${await choosePort(undefined)}`, MAILBOX_PORT: `${await choosePort(undefined)}` },
  })
  stack.defer(async () => void (await service.end('SIGTERM')))
  await until(service, 'Ctrl-C stops everything')
  const loadedBefore = (mark: string) => {
    const [, printed] = new RegExp(`^${mark} (.*) end$`, 'm').exec(service.output())!
    const loaded = JSON.parse(printed!) as Record<'files' | 'formatters' | 'beside', string[]>
    const packages = loaded.files.flatMap((file) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? [])
    return { ...loaded, packages }
  }

  const { beside, files, formatters, packages } = loadedBefore('page')
  expect(beside).toEqual(['initdb'])
  expect(packages).toContain('fastify')
  const later = ['ajv', 'bullmq', 'imapflow', 'ioredis', 'jsdom', 'maildev', 'mailparser', 'mjml', 'smtp-server']
  expect(later.filter((name) => packages.includes(name))).toEqual([])
  expect(files.filter((file) => file.startsWith(WORKERS))).toEqual([])
  // The first one of a process takes 20 ms.
  expect(formatters).toEqual([])

  const inTheEnd = loadedBefore('worker').packages
  expect(inTheEnd).toContain('bullmq')
  // In its own thread, which has its own list.
  expect(inTheEnd).not.toContain('maildev')
})
