import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTransport } from 'nodemailer'
import { test as base, describe, expect } from 'vitest'
import { isFree } from '../../src/embedded/port.ts'
import { type Mailbox, startMailbox } from '../../src/local/mailbox.ts'

/** A running mailbox with one email in it. */
const test = base
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the fixtures a fixture needs from this pattern
  .extend('mailbox', { scope: 'file' }, async ({}, { onCleanup }): Promise<Mailbox> => {
    const dataDir = await mkdtemp(join(tmpdir(), 'paperboy-mailbox-'))
    const mailbox = await startMailbox(dataDir, { web: 0, smtp: 0 })
    onCleanup(async () => {
      await mailbox.stop()
      await rm(dataDir, { recursive: true, force: true })
    })
    const transport = createTransport(mailbox.smtpUrl)
    await transport.sendMail({ from: 'a@example.org', to: 'b@example.org', subject: 'Sign in', text: 'the link' })
    transport.close()
    return mailbox
  })

interface Asked {
  status: number
  headers: Record<string, unknown>
  body: string
}

/** Sends one request, with a Host header of its own if given. A WebSocket upgrade resolves with status 101. */
const ask = (url: string, options: { method?: string; headers?: Record<string, string> } = {}): Promise<Asked> =>
  new Promise((resolve, reject) => {
    const asking = request(url, { ...options, agent: false }, (reply) => {
      let body = ''
      reply.on('data', (chunk) => (body += chunk))
      reply.on('end', () => resolve({ status: reply.statusCode!, headers: reply.headers, body }))
    })
    asking.on('upgrade', (reply, socket) => {
      socket.destroy()
      resolve({ status: reply.statusCode!, headers: reply.headers, body: '' })
    })
    asking.on('error', reject)
    asking.end()
  })

const UPGRADE = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': Buffer.from('sixteen bytes!!!').toString('base64'),
}

describe('the local mailbox', () => {
  test('serves its own page, and a program that sends no Origin', async ({ mailbox }) => {
    const port = new URL(mailbox.webUrl).port
    for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`]) {
      for (const headers of [{ host }, { host, origin: `http://${host}` }]) {
        const emails = await ask(`${mailbox.webUrl}/api/email`, { headers })
        expect([emails.status, emails.body.includes('Sign in')]).toEqual([200, true])
        expect(emails.headers['access-control-allow-origin']).toBeUndefined()
        expect((await ask(mailbox.webUrl, { headers: { ...headers, accept: 'text/html' } })).body).toContain('<html')
        const socket = await ask(`${mailbox.webUrl}/socket.io/?EIO=4&transport=websocket`, {
          headers: { ...headers, ...UPGRADE },
        })
        expect(socket.status).toBe(101)
      }
    }
  })

  const foreign: Record<string, Record<string, string>> = {
    'another site': { origin: 'https://evil.example' },
    'a page without an origin': { origin: 'null' },
    'another port of this machine': { origin: 'http://127.0.0.1:9' },
    'its own name over TLS': { origin: 'https://localhost' },
    'a name that leads here (DNS rebinding)': { host: 'rebind.evil.example' },
    'that name as Host and Origin': { host: 'rebind.evil.example', origin: 'http://rebind.evil.example' },
    'a name that begins like ours': { host: 'localhost.evil.example' },
  }
  for (const [name, headers] of Object.entries(foreign)) {
    test(`refuses ${name}`, async ({ mailbox }) => {
      const tried = [
        await ask(`${mailbox.webUrl}/api/email`, { headers }),
        await ask(`${mailbox.webUrl}/`, { headers }),
        await ask(`${mailbox.webUrl}/api/email`, {
          method: 'OPTIONS',
          headers: { ...headers, 'access-control-request-method': 'DELETE' },
        }),
        await ask(`${mailbox.webUrl}/api/email/all`, { method: 'DELETE', headers }),
        await ask(`${mailbox.webUrl}/socket.io/?EIO=4&transport=polling`, { headers }),
        await ask(`${mailbox.webUrl}/socket.io/?EIO=4&transport=websocket`, { headers: { ...headers, ...UPGRADE } }),
      ]
      for (const { status, headers: answered, body } of tried) {
        expect(status).toBe(403)
        expect(Object.keys(answered).filter((each) => each.startsWith('access-control'))).toEqual([])
        expect(body).not.toMatch(/Sign in|sid/)
      }
      expect((await ask(`${mailbox.webUrl}/api/email`)).body, 'and nothing was deleted').toContain('Sign in')
    })
  }
})

test('a mailbox that stopped has left its ports', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'paperboy-mailbox-'))
  const { smtpUrl, webUrl, stop } = await startMailbox(dataDir, { web: 0, smtp: 0 })
  const ports = [smtpUrl, webUrl].map((url) => Number(new URL(url).port))
  expect(await Promise.all(ports.map(isFree))).toEqual([false, false])
  await stop()
  expect(await Promise.all(ports.map(isFree))).toEqual([true, true])
  await rm(dataDir, { recursive: true })
})

/** Runs code that starts a mailbox in a process of its own. @param preload runs first, in the process and in the mailbox's thread */
function runWith(preload: string, code: string) {
  const hooks = ['--import', `data:text/javascript,${encodeURIComponent(preload)}`]
  const start = `import { startMailbox } from './src/local/mailbox.ts'; ${code}`
  return spawnSync(process.execPath, [...hooks, '-e', start], { encoding: 'utf8' })
}

test('without the package maildev, the error says how to install it', () => {
  const hide = `import { registerHooks } from 'node:module'
    registerHooks({ resolve: (name, context, next) => next(name === 'maildev' ? 'not-installed' : name, context) })`
  const { stderr } = runWith(hide, `await startMailbox('/nowhere', { web: 0, smtp: 0 })`)
  expect(stderr).toContain('SetupError: The mailbox, the npm package maildev, is not installed. Run "npm ci"')
})

test('a mailbox whose thread ends before it is open is an error', () => {
  const end = `import { isMainThread } from 'node:worker_threads'; if (!isMainThread) process.exit(3)`
  const { stdout } = runWith(
    end,
    `await startMailbox('/nowhere', { web: 0, smtp: 0 }).catch((e) => console.log(e.message))`,
  )
  expect(stdout).toBe('The mailbox ended with code 3.\n')
})

test('a mailbox that breaks is reported, and the service goes on', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'paperboy-mailbox-'))
  const breakAt = `import { subscribe } from 'node:diagnostics_channel'
    import { isMainThread } from 'node:worker_threads'
    const fail = () => { throw new TypeError('out of order') }
    if (!isMainThread) subscribe('http.server.request.start', ({ request }) => request.url === '/break' && setImmediate(fail))`
  const visit = `const { webUrl, stop } = await startMailbox(${JSON.stringify(dataDir)}, { web: 0, smtp: 0 })
    const page = () => fetch(webUrl + '/break').then(() => true, () => false)
    while (await page());
    console.log('goes on')
    await stop()`
  const { stdout, stderr } = runWith(breakAt, visit)
  expect(stdout).toBe('goes on\n')
  expect(stderr).toMatch(/^The mailbox broke: TypeError: out of order\n/)
  expect(stderr).toContain('Start Paperboy again')
  await rm(dataDir, { recursive: true })
})
