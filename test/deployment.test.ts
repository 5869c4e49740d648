import { type ChildProcess, execFile, execFileSync, spawn, spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { choosePort } from '../src/embedded/port.ts'
import { isRequired } from './support/suites.ts'

const execute = promisify(execFile)
const ROOT = join(import.meta.dirname, '../')
const example = (name: string) => readFile(join(ROOT, 'docs/deployment', name), 'utf8')
const has = (program: string) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0
const PROGRAMS = ['nginx', 'caddy', 'systemd-analyze', 'openssl', 'curl']
const missing = PROGRAMS.filter((program) => !has(program))
const skipped = missing.length > 0 && !isRequired('proxies')
if (skipped) console.warn(`Skipped: the examples of docs/deployment. Install ${missing.join(', ')}.`)

let folder: string
const children: ChildProcess[] = []
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'paperboy-deployment-'))
})
afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill('SIGTERM')
    await new Promise((done) => (child.exitCode === null ? child.once('exit', done) : done(undefined)))
  }
  await rm(folder, { recursive: true, force: true })
})

/** Answers with the headers it got. */
async function startUpstream() {
  const server = createServer(({ headers }, reply) => {
    reply.setHeader('content-type', 'application/json').end(JSON.stringify(headers))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  children.push({ kill: () => server.close(), exitCode: 0 } as unknown as ChildProcess)
  return (server.address() as AddressInfo).port
}

const isOpen = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1')
      .on('connect', () => resolve(true))
      .on('error', () => resolve(false))
    socket.on('connect', () => socket.destroy())
  })

async function run(port: number, program: string, ...args: string[]) {
  let output = ''
  const child = spawn(program, args, {
    env: { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
  })
  children.push(child)
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
  await expect.poll(() => isOpen(port), { timeout: 15_000, message: output }).toBe(true)
}

/** Asks through the proxy, with a forged address of the client. */
async function ask(url: string): Promise<Record<string, string>> {
  const args = [
    '-sk',
    '--max-time',
    '10',
    '-H',
    'Host: papers.example.org',
    '-H',
    'X-Forwarded-For: 203.0.113.9',
    '-H',
    'X-Forwarded-Proto: gopher',
  ]
  return JSON.parse((await execute('curl', [...args, url])).stdout)
}

describe.skipIf(skipped)('the examples of docs/deployment', () => {
  test('nginx passes the host, the scheme and the true address on', async () => {
    const [upstream, secure, plain] = [await startUpstream(), await choosePort(undefined), await choosePort(undefined)]
    const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-days',
        '1',
        '-subj',
        '/CN=papers.example.org',
        '-keyout',
        key,
        '-out',
        certificate,
      ],
      { stdio: 'ignore' },
    )
    const site = (await example('nginx.conf'))
      .replace('listen 443', `listen 127.0.0.1:${secure}`)
      .replace('listen 80', `listen 127.0.0.1:${plain}`)
      .replace('127.0.0.1:3000', `127.0.0.1:${upstream}`)
      .replace(/ssl_certificate_key .*;/, `ssl_certificate_key ${key};`)
      .replace(/ssl_certificate .*;/, `ssl_certificate ${certificate};`)
    const config = join(folder, 'nginx.conf')
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `${name}_temp_path ${folder}/${name};`,
    )
    await writeFile(
      config,
      `daemon off; pid ${folder}/pid; error_log stderr; events {} http { access_log off; ${temporary.join(' ')} ${site} }`,
    )
    await run(secure, 'nginx', '-c', config)
    expect(await ask(`https://127.0.0.1:${secure}/`)).toMatchObject({
      host: 'papers.example.org',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'https',
    })
    const { stdout: headers } = await execute('curl', [
      '-sI',
      '-H',
      'Host: papers.example.org',
      `http://127.0.0.1:${plain}/a?b=c`,
    ])
    expect(headers).toMatch(/^location: https:\/\/papers\.example\.org\/a\?b=c/im)
  })

  test('Caddy passes the host and the true address on', async () => {
    const [upstream, port] = [await startUpstream(), await choosePort(undefined)]
    const config = join(folder, 'Caddyfile')
    const site = (await example('Caddyfile'))
      .replace('papers.example.org {', `http://:${port} {`)
      .replace('127.0.0.1:3000', `127.0.0.1:${upstream}`)
    await writeFile(config, `{\n\tadmin off\n}\n${site}`)
    await run(port, 'caddy', 'run', '--config', config, '--adapter', 'caddyfile')
    const got = await ask(`http://127.0.0.1:${port}/`)
    expect(got).toMatchObject({ host: 'papers.example.org', 'x-forwarded-proto': 'http' })
    expect(got['x-forwarded-for']).not.toContain('203.0.113.9')
    // Caddy's own form: no warning about its layout.
    execFileSync('caddy', ['fmt', join(ROOT, 'docs/deployment/Caddyfile')])
  })

  test.each(['paperboy-api.service', 'paperboy-worker.service'])('%s lets Node list its addresses', async (name) => {
    // os.networkInterfaces(), which Fastify calls for HOST=0.0.0.0, throws without netlink.
    const [, families] = /^RestrictAddressFamilies=(.+)$/m.exec(await example(name)) ?? []
    expect(families?.split(' ')).toEqual(expect.arrayContaining(['AF_INET', 'AF_INET6', 'AF_UNIX', 'AF_NETLINK']))
  })

  test.each(['paperboy-api.service', 'paperboy-worker.service'])('systemd accepts %s', async (name) => {
    const unit = join(folder, name)
    await writeFile(unit, (await example(name)).replaceAll('/opt/paperboy/', ROOT))
    const checked = spawnSync('systemd-analyze', ['verify', '--man=no', unit], { encoding: 'utf8' })
    expect(checked.stderr.split('\n').filter((line) => line.includes(name))).toEqual([])
  })
})

test('systemd waits for a migration of large tables', async () => {
  const unit = await example('paperboy-api.service')
  expect(unit).toMatch(/^ExecStartPre=.+ migrate$/m)
  // It would end a start after 90 seconds, undo the migration, and begin again without end.
  expect(unit).toMatch(/^TimeoutStartSec=infinity$/m)
})

test('the units start what package.json starts, and what it starts is there', async () => {
  const { scripts } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>
  }
  for (const name of ['api', 'worker']) {
    const started = scripts[name]!.split(') ').at(-1)!
    const unit = await example(`paperboy-${name}.service`)
    expect(unit).toContain(`node ${started}`)
    // Commands read .env in the folder they start in. From another file, they would use another database.
    expect(unit).toMatch(/^WorkingDirectory=(.+)$[\s\S]*^EnvironmentFile=\1\/\.env$/m)
  }
})
