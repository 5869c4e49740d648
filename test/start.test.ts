import { spawn } from 'node:child_process'
import { chmod, cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { choosePort } from '../src/embedded/port.ts'
import { runningEmbeddedPostgres } from './support/embedded.ts'
import { type Started, start, until } from './support/processes.ts'

const ROOT = join(import.meta.dirname, '..')

/** `npm start` on a fresh machine. */
const stack: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of stack.splice(0).reverse()) await close()
})

async function dataFolder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'paperboy-start-'))
  // The database's user can enter it, so that the database lies in it and goes with it.
  await chmod(dir, 0o755)
  stack.push(() => rm(dir, { recursive: true, force: true }))
  return dir
}

interface Service extends Started {
  page: string
  mailbox: string
}

async function startService(dataDir: string, settings: Record<string, string> = {}, folder = ROOT): Promise<Service> {
  const port = String(await choosePort(undefined))
  const mailboxPort = String(await choosePort(undefined))
  const env = { DATA_DIR: dataDir, PORT: port, MAILBOX_PORT: mailboxPort, PAPER_SOURCES: 'none', ...settings }
  const service = start(join(folder, 'src/start.ts'), [], env)
  stack.push(() => service.end('SIGTERM'))
  return Object.assign(service, {
    page: `http://127.0.0.1:${env.PORT}`,
    mailbox: `http://127.0.0.1:${env.MAILBOX_PORT}`,
  })
}

async function ended(service: Started): Promise<string> {
  await expect.poll(() => service.child.exitCode, { timeout: 30_000 }).not.toBe(null)
  return service.output()
}

const signUp = async (service: Service) => {
  const reply = await fetch(`${service.page}/subscribe`, {
    method: 'POST',
    body: new URLSearchParams({ email: 'ada@example.org' }),
    redirect: 'manual',
  })
  return reply.status
}

const mailsIn = async (service: Service) =>
  (await (await fetch(`${service.mailbox}/api/email`)).json()) as { subject: string }[]

describe('npm start', { timeout: 90_000 }, () => {
  test('a first run shows papers, an edition and the mailbox, and a second run still has the data', async () => {
    const dataDir = await dataFolder()
    const first = await startService(dataDir)
    await until(first, 'Ctrl-C stops everything')
    expect(await (await fetch(`${first.page}/`)).text()).toContain('Sample papers')
    expect(await (await fetch(`${first.page}/editions`)).text()).toContain('/editions/2')
    expect(await signUp(first)).toBe(303)
    await expect.poll(async () => (await mailsIn(first)).length, { timeout: 15_000 }).toBe(1)
    expect(await first.end('SIGINT')).toBe(0)
    expect(await runningEmbeddedPostgres(dataDir)).toBeUndefined()

    const second = await startService(dataDir)
    await until(second, 'Ctrl-C stops everything')
    const status = start('src/cli/main.ts', ['--json', 'status'], { DATA_DIR: dataDir })
    expect(JSON.parse((await ended(status)).trim())).toMatchObject({ workers: 1, readers: { pending: 1 } })
    // The admin pages work without any setting, and the CLI knows who may sign in.
    const [, curator] = /\/admin {2}\(.*sign in as (\S+)\)/.exec(second.output())!
    const printed = await ended(start('src/cli/main.ts', ['admin', 'link', curator!], { DATA_DIR: dataDir }))
    const link = second.page + new URL(printed.trim()).pathname
    const button = await fetch(link)
    const entered = await fetch(link, {
      method: 'POST',
      redirect: 'manual',
      headers: { cookie: button.headers.getSetCookie()[0]!.split(';')[0]! },
      body: new URLSearchParams({ _csrf: /name="_csrf" value="([^"]+)"/.exec(await button.text())![1]! }),
    })
    expect([entered.status, entered.headers.get('location')]).toEqual([303, '/admin'])
    expect(await second.end('SIGTERM')).toBe(0)
    expect(await runningEmbeddedPostgres(dataDir)).toBeUndefined()
  })

  test('restarts after a kill, with the database still running', async () => {
    const dataDir = await dataFolder()
    const killed = await startService(dataDir)
    await until(killed, 'Ctrl-C stops everything')
    await signUp(killed)
    await killed.end('SIGKILL')
    expect(await runningEmbeddedPostgres(dataDir)).toBeDefined()
    const next = await startService(dataDir)
    await until(next, 'Ctrl-C stops everything')
    expect((await fetch(`${next.page}/readyz`)).status).toBe(200)
    expect(await next.end('SIGTERM')).toBe(0)
    expect(await runningEmbeddedPostgres(dataDir)).toBeUndefined()
  })

  test('Ctrl-C in the middle of the start ends it: no worker starts, and PostgreSQL stops', async () => {
    const dataDir = await dataFolder()
    const service = await startService(dataDir)
    await until(service, 'Preparing a database')
    expect(await service.end('SIGINT')).toBe(0)
    expect(service.output()).toMatch(/^Preparing a database in .* …\n$/)
    expect(await runningEmbeddedPostgres(dataDir)).toBeUndefined()
  })

  test('two starts at once: one runs, the other reports it and exits', async () => {
    const dataDir = await dataFolder()
    const both = [await startService(dataDir), await startService(dataDir)]
    await expect.poll(() => both.filter((one) => one.child.exitCode === 1).length, { timeout: 30_000 }).toBe(1)
    const [loser] = both.filter((one) => one.child.exitCode === 1)
    const [winner] = both.filter((one) => one !== loser)
    expect(loser!.output()).toContain('already running on this data folder')
    await until(winner!, 'Ctrl-C stops everything')
    expect((await fetch(`${winner!.page}/readyz`)).status).toBe(200)
  })

  test.each([
    ['PORT', 'the page'],
    ['MAILBOX_PORT', 'the mailbox'],
  ])('if %s is in use, the error names it, says what to do, and nothing keeps running', async (name) => {
    const server = createServer()
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    stack.push(() => new Promise((done) => server.close(done)))
    const taken = String((server.address() as { port: number }).port)
    const dataDir = await dataFolder()
    const output = await ended(await startService(dataDir, { [name]: taken }))
    expect(output).toContain(`Port ${taken}`)
    expect(output).toContain(name)
    expect(output).not.toContain('    at ')
    expect(await runningEmbeddedPostgres(dataDir)).toBeUndefined()
  })

  test('reports an unusable DATA_DIR with a fix', async () => {
    const dataDir = await dataFolder()
    await writeFile(join(dataDir, 'file'), '')
    const output = await ended(await startService(join(dataDir, 'file')))
    expect(output).toContain(join(dataDir, 'file'))
    expect(output).toContain('DATA_DIR')
    expect(output).not.toContain('    at ')
  })

  test('reports all configuration problems, without values', async () => {
    const dataDir = await dataFolder()
    const output = await ended(await startService(dataDir, { SECRET_KEY: 'too short', UNKNOWN_POLICY: 'guess' }))
    expect(output).toContain('SECRET_KEY needs at least 32 bytes')
    expect(output).toContain('UNKNOWN_POLICY')
    expect(output).not.toContain('too short')
  })

  test('works in a folder whose name would be another in a URL', async () => {
    const folder = join(await dataFolder(), 'Ada’s papers 100%20 #1')
    for (const part of ['src', 'workers', 'migrations', 'templates', 'package.json'])
      await cp(join(ROOT, part), join(folder, part), { recursive: true })
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
    const service = await startService(join(folder, '.data'), {}, folder)
    await until(service, 'Ctrl-C stops everything')
    expect((await fetch(service.page)).status).toBe(200)
    expect(await signUp(service)).toBe(303)
    await expect.poll(() => mailsIn(service), { timeout: 20_000 }).toHaveLength(1)
    await service.end('SIGTERM')
  })

  test('works in a folder that only its owner may enter', async () => {
    const parent = await dataFolder()
    const dataDir = join(parent, 'closed', 'data')
    await mkdir(dataDir, { recursive: true })
    await chmod(join(parent, 'closed'), 0o700)
    const service = await startService(dataDir)
    await until(service, 'Ctrl-C stops everything')
    expect((await fetch(`${service.page}/readyz`)).status).toBe(200)
    if (process.getuid?.() === 0) expect(service.output()).toContain('The database lives in')
    await service.end('SIGTERM')
  })
})

test('npm forwards a stop: no process keeps running', { timeout: 60_000 }, async () => {
  const dataDir = await dataFolder()
  const env = { PORT: String(await choosePort(undefined)), MAILBOX_PORT: String(await choosePort(undefined)) }
  const npm = spawn('npm', ['start'], {
    cwd: ROOT,
    env: { ...process.env, ...env, DATA_DIR: dataDir, PAPER_SOURCES: 'none' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  stack.push(async () => npm.kill('SIGKILL'))
  let output = ''
  npm.stdout.on('data', (chunk) => (output += chunk))
  await expect.poll(() => output, { timeout: 30_000 }).toContain('Ctrl-C stops everything')
  npm.kill('SIGTERM')
  // PostgreSQL removes its lock before it has written its last file: the process that waits for it ends later.
  await expect.poll(() => npm.exitCode ?? npm.signalCode, { timeout: 20_000 }).not.toBeNull()
  await expect.poll(() => runningEmbeddedPostgres(dataDir), { timeout: 20_000 }).toBeUndefined()
  await expect(fetch(`http://127.0.0.1:${env.PORT}/healthz`)).rejects.toThrow()
})

describe('production', () => {
  test.each(['src/api.ts', 'workers/main.ts'])('%s reports all missing settings at once', async (script) => {
    const output = await ended(start(script, [], { NODE_ENV: 'production' }))
    for (const name of [
      'DATABASE_URL',
      'SMTP_URL',
      'PUBLIC_URL',
      'MAIL_FROM',
      'SECRET_KEY',
      'SUPPRESSION_KEY',
      'POSTAL_ADDRESS',
    ]) {
      expect(output).toContain(name)
    }
  })
})
