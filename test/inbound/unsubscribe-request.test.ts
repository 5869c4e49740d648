import { readFileSync } from 'node:fs'
import { eq } from 'drizzle-orm'
import { expect } from 'vitest'
import { receiveMail } from '../../src/inbound/receive.ts'
import type { Db } from '../../src/runtime/db/database.ts'
import { subscribers } from '../../src/runtime/db/schema.ts'
import { test } from '../support/database.ts'
import { addSubscriber, servicesOn } from '../support/services.ts'
import { bounceMail, handedDigest, plainMail } from './support.ts'

const EMAIL = 'rep.eat@example.org'
const DAY = '2026-04-15'
const TO = 'bounce+unsubscribe@news.example.org'

async function reader(db: Db, settings = { BOUNCE_ADDRESS: 'bounce+*@news.example.org' } as Record<string, string>) {
  const services = servicesOn(db, settings, { now: new Date(`${DAY}T12:00:00Z`) })
  const id = await addSubscriber(db, EMAIL, { confirmedAt: new Date('2026-03-01T00:00:00Z') })
  const digest = await handedDigest(services, id, DAY)
  const statusAfter = async (raw: Buffer) => {
    await db.update(subscribers).set({ status: 'active', leftAt: null }).where(eq(subscribers.id, id))
    await receiveMail(services, raw, { source: 'smtp', envelopeTo: [TO] })
    return (await db.select().from(subscribers).where(eq(subscribers.id, id)))[0]!.status
  }
  return { ...digest, statusAfter }
}

const FIXTURES = ['aw', 'fwd', 'nosubject', 'quoted', 'replyword', 'tagged']

test('recognizes a request after tags, prefixes and quotes, without a subject and as a reply', async ({ db }) => {
  const { unsubscribeToken, messageId, statusAfter } = await reader(db)
  for (const name of FIXTURES) {
    const raw = readFileSync(new URL(`../fixtures/inbound/06-leave-${name}.eml`, import.meta.url), 'utf8')
      .replace(/\bA{7}Y[\w-]{27}\b/g, unsubscribeToken)
      .replace(/<0298[0-9a-f]+@[^>]+>/, messageId)
    expect(raw).toMatch(name === 'replyword' ? messageId : unsubscribeToken)
    expect([name, await statusAfter(Buffer.from(raw))]).toEqual([name, 'unsubscribed'])
  }
})

test('a reply in any language to the unsubscribe address unsubscribes', async ({ db }) => {
  const { messageId, statusAfter } = await reader(db)
  const words = [
    'Bitte abmelden',
    'Abbestellen',
    'Me désabonner',
    'Se désabonner',
    'Je veux me désinscrire',
    'Dar de baja',
    'Quiero darme de baja',
    'Por favor, cancelar mi suscripción',
    '退订',
    '请退订',
    '我要取消订阅',
    '配信停止',
    'I do not want this any more.',
  ]
  for (const [index, text] of words.entries()) {
    const headers = {
      From: EMAIL,
      To: TO,
      'Message-ID': `<w${index}@x>`,
      'In-Reply-To': messageId,
      Subject: 'Re: Papers',
    }
    expect([text, await statusAfter(plainMail(headers, text))]).toEqual([text, 'unsubscribed'])
  }
})

test('the quoted link counts as scanners of email rewrite it, also from another address of the reader', async ({
  db,
}) => {
  const { unsubscribeToken: token, statusAfter } = await reader(db, {})
  const link = `https://paperboy.example/unsubscribe/${token}`
  const proofpoint = `https-3A__paperboy.example_unsubscribe_${token.replaceAll('-', '-2D').replaceAll('_', '-5F')}`
  const links = {
    'Microsoft Defender': `https://eur01.safelinks.protection.outlook.com/?url=${encodeURIComponent(link)}&data=05%7C02&reserved=0`,
    'Proofpoint 2': `https://urldefense.proofpoint.com/v2/url?u=${proofpoint}&d=DwMFaQ&c=abc`,
    'Proofpoint 3': `https://urldefense.com/v3/__${link}__;!!AbC_d-E!fGh$`,
    Barracuda: `https://linkprotect.cudasvc.com/url?a=${encodeURIComponent(link)}&c=E,1,x&typo=1`,
    'no scanner, with a full stop': `${link}.`,
  }
  for (const [scanner, rewritten] of Object.entries(links)) {
    const headers = {
      From: 'alias@example.net',
      To: 'papers@paperboy.example',
      Subject: 'Re: Papers',
      'Message-ID': `<${scanner}@x>`,
    }
    const asked = await statusAfter(plainMail(headers, `Unsubscribe, please.\n\n> Unsubscribe: ${rewritten}`))
    expect([scanner, asked]).toEqual([scanner, 'unsubscribed'])
  }
})

test('a request above a whole quoted digest, as programs quote it, is that of the digest’s reader', async ({ db }) => {
  const { unsubscribeToken, statusAfter } = await reader(db, {})
  const link = `Unsubscribe: https://paperboy.example/unsubscribe/${unsubscribeToken}`
  const votes = Array.from({ length: 30 }, (_, n) => `Vote: https://paperboy.example/vote/${'V'.repeat(33)}${n + 10}`)
  const quoted = {
    Gmail: ['On Wed, 15 Apr 2026, Paperboy wrote:', ...votes, link].join('\n> '),
    Outlook: ['-----Original Message-----', 'From: Paperboy', 'Sent: Wednesday', '', ...votes, link].join('\n'),
    'Outlook in German': ['-----Ursprüngliche Nachricht-----', 'Von: Paperboy', '', ...votes, link].join('\n'),
    'Apple Mail': ['> On 15. Apr 2026, at 08:00, Paperboy wrote:', '>', ...votes, link].join('\n> '),
  }
  for (const [program, text] of Object.entries(quoted)) {
    const headers = {
      From: 'alias@example.net',
      To: 'papers@paperboy.example',
      Subject: 'Re: Papers',
      'Message-ID': `<${program.length}@x>`,
      'Content-Type': 'text/plain; charset=utf-8',
    }
    expect([program, await statusAfter(plainMail(headers, `Unsubscribe\n\n${text}`))]).toEqual([
      program,
      'unsubscribed',
    ])
  }
})

test('automatic replies, forwarded digests and bounces change nothing, at any address', async ({ db }) => {
  const { unsubscribeToken, messageId, statusAfter } = await reader(db)
  const link = `https://paperboy.example/unsubscribe/${unsubscribeToken}`
  const from = { From: EMAIL, To: TO }
  const harmless: [string, Buffer][] = [
    [
      'a forwarded digest',
      plainMail(
        { ...from, 'In-Reply-To': messageId, Subject: 'Fwd: Trending papers' },
        `Look at this.\n\n> Unsubscribe: ${link}`,
      ),
    ],
    [
      'an automatic reply',
      plainMail(
        { ...from, 'In-Reply-To': messageId, Subject: 'Re: unsubscribe', 'Auto-Submitted': 'auto-replied' },
        link,
      ),
    ],
    [
      'a holiday notice',
      plainMail({ ...from, Subject: 'Out of office', Precedence: 'auto_reply' }, `unsubscribe ${unsubscribeToken}`),
    ],
    ['a question', plainMail({ ...from, Subject: 'Is this list any good?' }, `I saw ${link}`)],
    ['a delay', bounceMail({ to: TO, recipient: EMAIL, action: 'delayed', status: '4.4.1', messageId })],
  ]
  for (const [name, raw] of harmless) expect([name, await statusAfter(raw)]).toEqual([name, 'active'])
})

test('in the sender’s own mailbox a reply without a keyword is not a request', async ({ db }) => {
  const { messageId, statusAfter } = await reader(db, {})
  const headers = { From: EMAIL, To: 'papers@paperboy.example', 'In-Reply-To': messageId, Subject: 'Re: Papers' }
  expect(await statusAfter(plainMail(headers, 'Thank you for this list.'))).toBe('active')
  expect(await statusAfter(plainMail(headers, 'Abmelden'))).toBe('unsubscribed')
  const tagged = { ...headers, Subject: '[EXTERN] AW: „Abmelden“', 'Message-ID': '<tagged@x>' }
  expect(await statusAfter(plainMail(tagged, 'Vielen Dank.'))).toBe('unsubscribed')
})
