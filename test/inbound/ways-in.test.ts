import { spawn } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import { sql } from 'drizzle-orm'
import nodemailer from 'nodemailer'
import { expect, onTestFinished } from 'vitest'
import { halt, passRestoreGuard, resumeAfterRestore } from '../../src/delivery/ledger/restore-guard.ts'
import { readIntakeOutage } from '../../src/inbound/intake-health.ts'
import { listen } from '../../src/inbound/listen.ts'
import { readMailbox } from '../../src/inbound/read-mailbox.ts'
import { receiveMail } from '../../src/inbound/receive.ts'
import { deleteOldInbound } from '../../src/inbound/retention.ts'
import { unsubscribeMailto } from '../../src/mail/own-addresses.ts'
import { returnPath } from '../../src/mail/return-path.ts'
import { findAttention } from '../../src/operate/attention/find.ts'
import { checkMailbox } from '../../src/operate/doctor/mailbox.ts'
import type { Db } from '../../src/runtime/db/database.ts'
import { inboundEvents } from '../../src/runtime/db/schema.ts'
import { startInboundServer } from '../../workers/listen.ts'
import { readMailboxJob } from '../../workers/read-mailbox.ts'
import { test } from '../support/database.ts'
import { addSubscriber, NOON, servicesOn, statusOf, testConfig } from '../support/services.ts'
import { openImapServer } from './imap-server.ts'
import { BOUNCES, bounceMail, complaintMail, handedDigest, plainMail } from './support.ts'

const EMAIL = 'ada@example.org'
const CLOCK = () => ({ now: new Date('2026-04-15T12:00:00Z') })

async function reader(db: Db, clock = CLOCK()) {
  const services = servicesOn(db, BOUNCES, clock)
  const id = await addSubscriber(db, EMAIL, { confirmedAt: new Date('2026-03-01T00:00:00Z') })
  return { services, id, digest: await handedDigest(services, id, '2026-04-15') }
}

async function mailbox(options?: { keywords: boolean }) {
  const server = await openImapServer(options)
  onTestFinished(() => server.close())
  return server
}

async function listener(services: Parameters<typeof listen>[0]) {
  const server = await listen(services, { host: '127.0.0.1', port: 0 })
  onTestFinished(() => server.close())
  const transport = nodemailer.createTransport({ host: '127.0.0.1', port: server.port, ignoreTLS: true })
  onTestFinished(() => transport.close())
  return {
    port: server.port,
    send: (to: string | string[], raw: Buffer, from = '') => transport.sendMail({ envelope: { from, to }, raw }),
  }
}

test('reads a mailbox: applies and moves reports, leaves messages of people, and reads nothing twice', async ({
  db,
}) => {
  const { services, id, digest } = await reader(db)
  const server = await mailbox()
  server.deliver(plainMail({ From: 'bob@example.net', To: 'papers@paperboy.example', Subject: 'I like it' }, 'Thanks!'))
  server.deliver(bounceMail({ to: digest.returnPath, recipient: EMAIL }))
  expect(await readMailbox(services, server.url)).toBe(2)
  expect(await statusOf(db, id)).toBe('bounced')
  expect(server.folders.get('Reports')).toHaveLength(1)
  expect(server.folders.get('INBOX')!.map(({ flags }) => [...flags])).toEqual([['PaperboyRead']])
  expect(await readMailbox(services, server.url)).toBe(0)
  expect(await db.$count(inboundEvents)).toBe(1)
})

test('leaves to people what they wrote and nothing changed: replies, and requests that name no reader', async ({
  db,
}) => {
  const { services, id, digest } = await reader(db)
  const server = await mailbox()
  const reply = { From: EMAIL, To: 'papers@paperboy.example', 'In-Reply-To': digest.messageId }
  const quoted = `> Unsubscribe: https://paperboy.example/unsubscribe/${digest.unsubscribeToken}`
  server.deliver(plainMail({ ...reply, Subject: 'Re: Papers' }, `Thanks! Will you cover biology?\n\n${quoted}`))
  const attached = `--b\r\n\r\nThis looks odd.\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nReturn-Path: <${digest.returnPath}>\r\nSubject: Papers\r\n\r\nx\r\n--b--`
  server.deliver(
    plainMail({ ...reply, Subject: 'Fwd: Papers', 'Content-Type': 'multipart/mixed; boundary="b"' }, attached),
  )
  server.deliver(plainMail({ ...reply, Subject: 'Your emails are not delivered' }, 'Is my account unknown to you?'))
  server.deliver(plainMail({ From: 'alias@example.net', To: 'papers@paperboy.example', Subject: 'Unsubscribe' }))
  server.deliver(plainMail({ From: EMAIL, To: 'papers@paperboy.example', Subject: 'My new email address' }))
  server.deliver(plainMail({ ...reply, Subject: 'Automatic reply: Papers', 'Auto-Submitted': 'auto-replied' }))
  server.deliver(plainMail({ ...reply, Subject: 'My new email address', 'Auto-Submitted': 'auto-replied' }))
  expect(await readMailbox(services, server.url)).toBe(7)
  const subjects = (folder: string) =>
    server.folders.get(folder)!.map(({ raw }) => /^Subject: (.*?)\r?$/m.exec(raw.toString())![1])
  expect(subjects('INBOX')).toEqual([
    'Re: Papers',
    'Fwd: Papers',
    'Your emails are not delivered',
    'Unsubscribe',
    'My new email address',
  ])
  expect(subjects('Reports')).toEqual(['Automatic reply: Papers', 'My new email address'])
  expect(await statusOf(db, id)).toBe('active')
  server.deliver(plainMail({ ...reply, Subject: 'Unsubscribe' }))
  await readMailbox(services, server.url)
  expect(await statusOf(db, id)).toBe('unsubscribed')
  expect(subjects('INBOX'), 'it is done').toHaveLength(5)
})

test('a copy of the database leaves the mailbox to the original, until it is resumed', async ({ db }) => {
  const { services, id, digest } = await reader(db)
  const server = await mailbox()
  const copy = servicesOn(db, { ...BOUNCES, INBOUND_IMAP_URL: server.url }, CLOCK())
  expect(await passRestoreGuard(services)).toBe(true)
  await db.execute(sql`UPDATE mailing SET cluster = jsonb_set(cluster::jsonb, '{server}', '"another"')::text`)
  server.deliver(bounceMail({ to: digest.returnPath, recipient: EMAIL }))
  await readMailboxJob(copy)
  expect([...server.folders.get('INBOX')!.map(({ flags }) => [...flags])]).toEqual([[]])
  expect(await statusOf(db, id)).toBe('active')
  await resumeAfterRestore(copy, true)
  // The operator's own halt stops email only.
  await halt(copy)
  await readMailboxJob(copy)
  expect(await statusOf(db, id)).toBe('bounced')
})

test('marks messages as seen on a server without keywords, and flags those for people', async ({ db }) => {
  const { services, digest } = await reader(db)
  const server = await mailbox({ keywords: false })
  server.deliver(bounceMail({ to: digest.returnPath, recipient: EMAIL }))
  expect(await readMailbox(services, server.url.replace('?done=Reports', ''))).toBe(1)
  expect([...server.folders.get('INBOX')![0]!.flags]).toEqual(['\\Seen'])
  expect(await readMailbox(services, server.url)).toBe(0)
  server.deliver(plainMail({ From: 'bob@example.net', To: 'papers@paperboy.example', Subject: 'I like it' }))
  expect(await readMailbox(services, server.url)).toBe(1)
  expect([...server.folders.get('INBOX')![1]!.flags]).toEqual(['\\Seen', '\\Flagged'])
})

test('a connection lost at any command costs one run: the next one continues, and each report counts once', async ({
  db,
}) => {
  const { services, id, digest } = await reader(db)
  const server = await mailbox()
  server.deliver(bounceMail({ to: digest.returnPath, recipient: EMAIL }))
  for (const command of [/^LOGIN/, /^SELECT/, /^UID SEARCH/, /^UID FETCH/, /^UID STORE/, /^UID MOVE/]) {
    server.cutAt(command)
    await expect(readMailbox(services, server.url)).rejects.toThrow()
  }
  await readMailbox(services, server.url)
  expect(await db.$count(inboundEvents)).toBe(1)
  expect(await statusOf(db, id)).toBe('bounced')
  expect(server.folders.get('INBOX')!.every(({ flags }) => flags.has('PaperboyRead'))).toBe(true)
})

test('an unreachable mailbox or a wrong password fails no job, and becomes a problem that reaches the operators', async ({
  db,
}) => {
  const server = await mailbox()
  const cases: [string, RegExp][] = [
    [server.url.replace('right', 'wrong-password'), /cannot be read: no$/],
    ['imap://a:wrong-password@127.0.0.1:1/', /cannot be read: .*ECONNREFUSED/],
  ]
  for (const [INBOUND_IMAP_URL, message] of cases) {
    const at = { now: NOON }
    const services = servicesOn(db, { ...BOUNCES, INBOUND_IMAP_URL }, at)
    const problems = async () => (await findAttention(services)).filter(({ name }) => name === 'inbound_unread')
    await readMailboxJob(services)
    expect(await problems(), 'a restart of the mail server').toEqual([])
    at.now = new Date(NOON.getTime() + 16 * 60_000)
    await readMailboxJob(services)
    const [problem, ...others] = await problems()
    expect(others).toEqual([])
    expect(problem).toMatchObject({ state: 'error', since: NOON, message: expect.stringMatching(message) })
    expect(problem!.standing, 'it is emailed').toBeUndefined()
    expect(JSON.stringify(problem)).not.toContain('wrong-password')
    await readMailboxJob(servicesOn(db, { ...BOUNCES, INBOUND_IMAP_URL: server.url }, at))
    expect(await problems()).toEqual([])
  }
})

test('doctor tries the mailbox, and changes nothing in it', async () => {
  const server = await mailbox()
  server.deliver(plainMail({ Subject: 'hello' }))
  expect(await checkMailbox(server.url)).toMatchObject([{ part: 'Inbound', state: 'ok' }])
  expect(server.folders.get('INBOX')![0]!.flags.size).toBe(0)
  const refused = await checkMailbox(server.url.replace('right', 'wrong-password'))
  expect(refused).toMatchObject([{ state: 'error', message: 'the mailbox cannot be read: no' }])
  expect(JSON.stringify(refused)).not.toContain('wrong-password')
  expect(await checkMailbox('imap://a:b@127.0.0.1:1/')).toMatchObject([{ state: 'error' }])
  expect(await checkMailbox(undefined)).toEqual([])
})

test('reports whose fields have anything in them are recorded, and hold up no other message', async ({ db }) => {
  const { services, id, digest } = await reader(db)
  const server = await mailbox()
  const words = `about\0 ${EMAIL} `.repeat(30)
  const ses = { notificationType: words, mail: { destination: [EMAIL] } }
  const odd = [
    complaintMail({ to: 'papers@paperboy.example', recipient: EMAIL, header: [], type: words }),
    bounceMail({ to: digest.returnPath, recipient: EMAIL, status: `2.0.0 ${words}`, id: 'odd' }),
    plainMail({ From: 'ses@example.net', To: digest.returnPath, Subject: 'SES' }, JSON.stringify(ses)),
  ]
  for (const each of odd) server.deliver(each)
  server.deliver(bounceMail({ to: digest.returnPath, recipient: EMAIL }))
  const logged: unknown[] = []
  const log = { info: (fields: unknown) => logged.push(fields) } as unknown as typeof services.log
  expect(await readMailbox({ ...services, log }, server.url)).toBe(4)
  expect(await statusOf(db, id)).toBe('bounced')
  const stored = await db.select({ reason: inboundEvents.reason, status: inboundEvents.status }).from(inboundEvents)
  expect(stored).toHaveLength(4)
  expect(JSON.stringify([logged, stored])).not.toMatch(/ada@|\\u0000/)
})

test('a message that cannot be recorded holds up no other one, and is read again', async ({ db }) => {
  const { services, id, digest } = await reader(db)
  const server = await mailbox()
  server.deliver(complaintMail({ to: digest.returnPath, recipient: EMAIL, header: [] }))
  server.deliver(
    plainMail({ From: EMAIL, To: 'papers@paperboy.example', Subject: `unsubscribe ${digest.unsubscribeToken}` }),
  )
  await db.execute(sql`
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no space left on device'; END $$`)
  await db.execute(sql`
    CREATE TRIGGER refuse BEFORE INSERT ON inbound_events FOR EACH ROW WHEN (NEW.class = 'complaint') EXECUTE FUNCTION refuse()`)
  await expect(readMailbox(services, server.url)).rejects.toThrow()
  expect(await statusOf(db, id)).toBe('unsubscribed')
  await db.execute(sql`DROP TRIGGER refuse ON inbound_events`)
  expect(await readMailbox(services, server.url)).toBe(1)
  expect(await statusOf(db, id)).toBe('complained')
})

test('the SMTP listener accepts reports for our addresses, and uses the envelope alone', async ({ db }) => {
  const { services, id, digest } = await reader(db)
  const server = await listener(services)
  const upper = digest.returnPath.toUpperCase()
  await server.send(upper, bounceMail({ to: 'undisclosed@example.net', recipient: EMAIL }))
  expect(await statusOf(db, id)).toBe('bounced')
  const wish = await addSubscriber(db, 'eve@example.org')
  const { unsubscribeToken } = await handedDigest(services, wish, '2026-04-15')
  // As its mail program reads List-Unsubscribe.
  const mailto = new URL(unsubscribeMailto(services.config, unsubscribeToken))
  expect(mailto.pathname).toBe('bounce+unsubscribe@paperboy.example')
  await server.send(
    mailto.pathname,
    plainMail({ From: 'eve@example.org', Subject: mailto.searchParams.get('subject')! }),
  )
  expect(await statusOf(db, wish)).toBe('unsubscribed')
})

test('the SMTP listener returns to people what it cannot act on, and says where to write', async ({ db }) => {
  const { services, id, digest } = await reader(db)
  services.config.REPLY_TO = { name: '', address: 'people@lab.example' }
  const server = await listener(services)
  const headers = { From: EMAIL, To: 'papers@paperboy.example', 'In-Reply-To': digest.messageId }
  const letters = [
    plainMail({ ...headers, Subject: 'Re: Papers' }, 'Please tell me what you know about me.'),
    plainMail({ From: 'alias@example.net', Subject: 'Unsubscribe' }),
  ]
  for (const letter of letters)
    await expect(server.send('papers@paperboy.example', letter, EMAIL)).rejects.toMatchObject({
      responseCode: 550,
      response: expect.stringContaining('people@lab.example'),
    })
  const unclear = plainMail({ From: 'MAILER-DAEMON@example.net', Subject: 'Hm' })
  await server.send('papers@paperboy.example', unclear)
  const absent = plainMail({ ...headers, Subject: 'Out of office', 'Auto-Submitted': 'auto-replied' })
  await server.send('papers@paperboy.example', absent, EMAIL)
  expect(await statusOf(db, id)).toBe('active')
  await server.send('papers@paperboy.example', plainMail({ ...headers, Subject: 'Unsubscribe' }), EMAIL)
  expect(await statusOf(db, id)).toBe('unsubscribed')
})

test('relays nothing: refuses foreign addresses, forged return paths and too many recipients', async ({ db }) => {
  const { services, digest } = await reader(db)
  const server = await listener(services)
  const raw = bounceMail({ to: digest.returnPath, recipient: EMAIL })
  const bent = digest.returnPath.replace(/.(?=.{3}@)/, (letter) => (letter === 'b' ? 'c' : 'b'))
  for (const to of ['victim@example.net', 'postmaster@paperboy.example', bent, 'bounce+x@paperboy.example'])
    await expect(server.send(to, raw)).rejects.toMatchObject({ responseCode: 550 })
  const crowd = Array.from({ length: 8 }, (_, index) =>
    returnPath(services, { subscriberId: index + 1, mail: 'digest', reference: digest.editionId }),
  )
  const many = await server.send(crowd, raw)
  expect(many.rejected).toHaveLength(3)
  expect(await db.$count(inboundEvents)).toBe(1)
})

test('refuses too large messages permanently, and unrecorded ones temporarily', async ({ db }) => {
  const { services, digest } = await reader(db)
  const server = await listener(services)
  const large = Buffer.concat([
    bounceMail({ to: digest.returnPath, recipient: EMAIL }),
    Buffer.alloc(1_200_000, 'a\r\n'),
  ])
  await expect(server.send(digest.returnPath, large)).rejects.toMatchObject({ responseCode: 552 })
  await db.execute(sql`ALTER TABLE inbound_events RENAME TO away`)
  const raw = bounceMail({ to: digest.returnPath, recipient: EMAIL })
  await expect(server.send(digest.returnPath, raw)).rejects.toMatchObject({ responseCode: 451 })
  await db.execute(sql`ALTER TABLE away RENAME TO inbound_events`)
  await server.send(digest.returnPath, raw)
  expect(await db.$count(inboundEvents)).toBe(1)
})

test('bytes that are not SMTP do not stop the listener', async ({ db }) => {
  const { services, id, digest } = await reader(db)
  const server = await listener(services)
  for (const bytes of [
    '\0\0\0\r\n',
    `${'A'.repeat(100_000)}\r\n`,
    'GET / HTTP/1.1\r\n\r\n',
    'EHLO x\r\nDATA\r\n.\r\n',
    'EHLO x\r\nMAIL FROM:<>\r\n',
  ]) {
    const socket = net.connect(server.port, '127.0.0.1')
    socket.on('error', () => {})
    await once(socket, 'data')
    socket.end(bytes)
    socket.resume()
    await once(socket, 'close')
  }
  await server.send(digest.returnPath, bounceMail({ to: digest.returnPath, recipient: EMAIL }))
  expect(await statusOf(db, id)).toBe('bounced')
})

test('`paperboy inbound` applies a message from standard input and only classifies files', async ({
  db,
  databaseUrl,
}) => {
  const { id, digest } = await reader(db)
  const { NODE_ENV: _, ...config } = testConfig(BOUNCES)
  const env = {
    PATH: process.env.PATH!,
    DATABASE_URL: databaseUrl,
    BOUNCE_ADDRESS: config.BOUNCE_ADDRESS!,
    MAIL_FROM: 'Paperboy <papers@paperboy.example>',
    SECRET_KEY: config.SECRET_KEY,
    SUPPRESSION_KEY: config.SUPPRESSION_KEY,
    SMTP_URL: config.SMTP_URL,
    PUBLIC_URL: config.PUBLIC_URL,
    POSTAL_ADDRESS: config.POSTAL_ADDRESS,
  }
  const run = async (args: string[], input: Buffer) => {
    const child = spawn(process.execPath, ['src/cli/main.ts', '--json', 'inbound', ...args], { env })
    child.stdin.end(input)
    let out = ''
    child.stdout.on('data', (chunk) => (out += chunk))
    const [code] = await once(child, 'close')
    return { code, out }
  }
  const [acted, unasked, read] = await Promise.all([
    run([], bounceMail({ to: digest.returnPath, recipient: EMAIL })),
    run(['README.md'], Buffer.from('x')),
    run(['--classify', 'README.md'], Buffer.alloc(0)),
  ])
  expect([acted.code, unasked.code, read.code]).toEqual([0, 2, 0])
  expect(JSON.parse(acted.out)).toMatchObject({ class: 'hard', authority: 'return path', action: 'suppressed' })
  expect(await statusOf(db, id)).toBe('bounced')
  expect(JSON.parse(read.out)).toMatchObject({ file: 'README.md', recipient: null, class: 'ignore' })
}, 90_000)

test('deletes raw and unproven messages after thirty days, and every event after four hundred', async ({ db }) => {
  const clock = CLOCK()
  const { services, digest } = await reader(db, clock)
  await receiveMail(services, bounceMail({ to: digest.returnPath, recipient: EMAIL }), { source: 'imap' })
  await receiveMail(services, bounceMail({ to: 'papers@paperboy.example', recipient: EMAIL }), { source: 'imap' })
  const raws = () => db.$count(inboundEvents, sql`raw IS NOT NULL`)
  const left = async () => [await db.$count(inboundEvents), await raws()]
  expect(await left()).toEqual([2, 1])
  clock.now = new Date('2026-05-14T12:00:00Z')
  await deleteOldInbound(services)
  expect(await left()).toEqual([2, 1])
  clock.now = new Date('2026-05-16T12:00:00Z')
  await deleteOldInbound(services)
  expect(await left()).toEqual([1, 0])
  clock.now = new Date('2027-06-16T12:00:00Z')
  await deleteOldInbound(services)
  expect(await left()).toEqual([0, 0])
})

const TIMES = { retryMs: 20, reportMs: 20 }

test('one of several workers on a machine listens, and another takes over when it ends', async ({ db }) => {
  const { services } = await reader(db)
  const probe = net.createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as net.AddressInfo
  await new Promise((closed) => probe.close(closed))
  const greets = () =>
    new Promise<boolean>((resolve) => {
      const socket = net.connect(port, '127.0.0.1')
      socket.once('data', () => socket.destroy() && resolve(true)).once('error', () => resolve(false))
    })
  const onPort = { ...services, config: { ...services.config, HOST: '127.0.0.1', INBOUND_SMTP_PORT: port } }
  const [first, second] = [await startInboundServer(onPort, TIMES), await startInboundServer(onPort, TIMES)]
  expect(await greets()).toBe(true)
  await first!.close()
  await expect.poll(greets).toBe(true)
  await second!.close()
  expect(await greets()).toBe(false)
})

test('a port that no worker can have reaches the operators, until one has it', async ({ db }) => {
  const other = net.createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void other.close())
  await once(other, 'listening')
  const { port } = other.address() as net.AddressInfo
  const at = { now: NOON }
  const services = servicesOn(db, { ...BOUNCES, HOST: '127.0.0.1', INBOUND_SMTP_PORT: String(port) }, at)
  const problems = async () => (await findAttention(services)).filter(({ name }) => name === 'inbound_unread')
  const waiting = await startInboundServer(services, TIMES)
  onTestFinished(() => waiting!.close())
  expect(await problems(), 'another worker may have it').toEqual([])
  at.now = new Date(NOON.getTime() + 16 * 60_000)
  expect(await problems()).toMatchObject([
    { state: 'error', since: NOON, message: expect.stringMatching(/EADDRINUSE$/) },
  ])
  await waiting!.close()
  other.close()
  await once(other, 'close')
  const listening = await startInboundServer(services, TIMES)
  onTestFinished(() => listening!.close())
  expect(await problems()).toEqual([])
})

test('a worker that listens outdoes one that waits for its port', async ({ db }) => {
  const probe = net.createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as net.AddressInfo
  await new Promise((closed) => probe.close(closed))
  const services = servicesOn(db, { ...BOUNCES, HOST: '127.0.0.1', INBOUND_SMTP_PORT: String(port) })
  const listening = await startInboundServer(services, TIMES)
  onTestFinished(() => listening!.close())
  const waiting = await startInboundServer(services, { ...TIMES, reportMs: 60_000 })
  onTestFinished(() => waiting!.close())
  await expect.poll(() => readIntakeOutage(db, 'listener')).toBeUndefined()
})

test('idle peers do not block others, and one network has few connections', async ({ db }) => {
  const { services, id, digest } = await reader(db)
  const limits = { clients: 8, perPeer: 3, idleMs: 60_000, longestMs: 60_000 }
  const server = await listen(services, { host: '127.0.0.1', port: 0, limits })
  onTestFinished(() => server.close())
  const from = (localAddress: string) => {
    const socket = net.connect({ port: server.port, host: '127.0.0.1', localAddress })
    socket.on('error', () => {})
    onTestFinished(() => void socket.destroy())
    return once(socket, 'data').then(([line]) => String(line))
  }
  const ofOne = await Promise.all(Array.from({ length: 6 }, () => from('127.0.0.2')))
  expect(ofOne.filter((line) => line.startsWith('220'))).toHaveLength(3)
  expect(ofOne.filter((line) => line.startsWith('421'))).toHaveLength(3)
  const peers = Array.from({ length: 20 }, (_, index) => from(`127.0.0.${index + 10}`))
  for (const line of await Promise.all(peers)) expect(line).toMatch(/^(?:220|421)/)
  const transport = nodemailer.createTransport({ host: '127.0.0.1', port: server.port, ignoreTLS: true })
  onTestFinished(() => transport.close())
  const raw = bounceMail({ to: digest.returnPath, recipient: EMAIL })
  await transport.sendMail({ envelope: { from: '', to: digest.returnPath }, raw })
  expect(await statusOf(db, id)).toBe('bounced')
})

test('closes a connection without a message, whatever commands it sends', async ({ db }) => {
  const { services } = await reader(db)
  for (const limits of [{ idleMs: 300 }, { longestMs: 300 }]) {
    const server = await listen(services, { host: '127.0.0.1', port: 0, limits })
    onTestFinished(() => server.close())
    const socket = net.connect(server.port, '127.0.0.1')
    let heard = ''
    socket.on('data', (bytes) => {
      heard += bytes
      socket.write('NOOP\r\n')
    })
    socket.on('error', () => {})
    await new Promise((closed) => socket.once('close', closed))
    expect(heard).toMatch(/421 4\.4\.2 /)
  }
})
