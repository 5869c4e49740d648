import { expect } from 'vitest'
import { receiveMail } from '../../src/inbound/receive.ts'
import { describeStatus, readStatus } from '../../src/operate/status.ts'
import type { Services } from '../../src/runtime/services.ts'
import { test } from '../support/database.ts'
import { addSubscriber, servicesOn } from '../support/services.ts'
import { BOUNCES, bounceMail, handedDigest } from './support.ts'

const wordsOn = async (services: Services) => describeStatus(await readStatus(services), services.now())
const UNREAD = /Inbound {3}WARNING: no reader is set up for BOUNCE_ADDRESS/

test('status counts the messages of the last day, and those without proof', async ({ db }) => {
  const clock = { now: new Date('2026-04-14T11:00:00Z') }
  const services = servicesOn(db, BOUNCES, clock)
  expect(await wordsOn(services)).toContain('Inbound   nothing in 24 h')
  const id = await addSubscriber(db, 'ada@example.org', { confirmedAt: new Date('2026-03-01T00:00:00Z') })
  const { returnPath } = await handedDigest(services, id, '2026-04-14')
  const soft = { status: '4.2.2', said: '452 4.2.2 mailbox full' }
  await receiveMail(services, bounceMail({ to: returnPath, recipient: 'ada@example.org', ...soft, id: 'old' }), {
    source: 'imap',
  })
  clock.now = new Date('2026-04-15T12:00:00Z')
  await receiveMail(services, bounceMail({ to: returnPath, recipient: 'ada@example.org', ...soft, id: 'new' }), {
    source: 'imap',
  })
  for (const n of [1, 2]) {
    const forged = bounceMail({ to: 'papers@paperboy.example', recipient: 'ada@example.org', id: `forged-${n}` })
    await receiveMail(services, forged, { source: 'imap' })
  }
  const status = await readStatus(services)
  const words = describeStatus(status, services.now())
  expect(words).toContain('Inbound   in 24 h: 2 hard, 1 soft (2 unproven, ignored)')
  expect(status).toMatchObject({
    inbound: {
      lastDay: [
        { class: 'hard', count: 2, unproven: 2 },
        { class: 'soft', count: 1, unproven: 0 },
      ],
    },
  })
  expect(words).not.toContain('ada@')
})

test('status warns when no reader is set up for bounces', async ({ db }) => {
  const wordsUnder = (settings: Record<string, string>) => wordsOn(servicesOn(db, settings))
  expect(await wordsUnder(BOUNCES)).toMatch(UNREAD)
  expect(await wordsUnder({})).not.toMatch(UNREAD)
  expect(await wordsUnder({ ...BOUNCES, INBOUND_IMAP_URL: 'imaps://a:b@mail.example/INBOX' })).not.toMatch(UNREAD)
  expect(await wordsUnder({ ...BOUNCES, INBOUND_SMTP_PORT: '2525' })).not.toMatch(UNREAD)
  // A webhook brings bounces, but no unsubscribe requests by email.
  expect(await wordsUnder({ ...BOUNCES, MAILGUN_WEBHOOK_KEY: 'a key of sixteen letters' })).toMatch(UNREAD)
  // A pipe is not a setting: it is known by the messages it brings.
  const piped = bounceMail({ to: 'bounce+x@paperboy.example', recipient: 'ada@example.org' })
  await receiveMail(servicesOn(db, BOUNCES), piped, { source: 'command' })
  expect(await wordsUnder(BOUNCES)).not.toMatch(UNREAD)
})
