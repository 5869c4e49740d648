import { asc, eq } from 'drizzle-orm'
import { simpleParser } from 'mailparser'
import { expect } from 'vitest'
import { planAll } from '../../src/delivery/plan/plan-all.ts'
import { deliverBatch } from '../../src/delivery/send/deliver-batch.ts'
import { assemble } from '../../src/edition/draft/assemble.ts'
import { release } from '../../src/edition/draft/release.ts'
import { setWording } from '../../src/edition/draft/wording.ts'
import { LOCALES } from '../../src/messages/catalogue.ts'
import { composeServiceEmail } from '../../src/outbox/compose-service-email.ts'
import { papers } from '../../src/runtime/db/schema.ts'
import { test } from '../support/database.ts'
import { NEVER, sinkThat, workerOn } from '../support/sending.ts'
import { addPapers, addSubscriber, servicesOn } from '../support/services.ts'
import { readStrictly } from '../support/strict-reading.ts'

/** Settings with everything that may need encoding, quoting or folding. */
const SETTINGS = {
  MAIL_FROM: '研究日報: 論文; (試) <papers@zeitung.example>',
  REPLY_TO: 'Die "Redaktion", Labor (KI) <people@zeitung.example>',
  BOUNCE_ADDRESS: 'bounce+*@bounces.zeitung.example',
  PUBLIC_URL: 'https://papers.a-laboratory-with-a-rather-long-name.example.org/in/a/path',
  POSTAL_ADDRESS: 'Große Straße 1, 10115 Berlin – «Verlag» & Söhne',
}

/** Titles and abstracts as authors write them, and worse. */
const TEXTS = [
  ['מודלים גדולים של שפה: סקירה', 'אנו סוקרים מודלים. They are large.'],
  ['<b>Bold</b> & "quoted" <think>', '<script>alert(1)</script> &amp; <img src=x onerror=y>'],
  ['🦄👩‍👩‍👧‍👦 Emoji 🇩🇪', '🙂'.repeat(200)],
  [
    '大规模语言模型的综述：一个非常长的标题用来测试折行和编码的正确性以及各种标点符号，',
    '我们综述了大规模语言模型。'.repeat(40),
  ],
  ['Zalgo e\u0301\u0301\u0301', 'x\u0300'.repeat(300)],
  ['Line\u2028sep\u2029para \ufeffbom \u202Eturned', 'a\u2028b\u2029c\u0085d'],
  ['..dots. ....', '.\n.\n..\nFrom me to you\n>From'],
  ['From here: =?utf-8?q?fake?= words', 'From now on. =3D =?utf-8?b?YQ==?= '],
  ['W'.repeat(400), `https://example.org/${'a'.repeat(900)}`],
] as const

const READERS = ['ada+news=x@bücher.example', `${'a'.repeat(64)}@example.org`, "o'neil&co@example.org"]

test('digests in every language and format hold against strict readers, whatever the papers and settings', async ({
  db,
}) => {
  const services = servicesOn(db, SETTINGS, { now: new Date('2026-04-15T03:30:00Z') })
  const sink = await sinkThat()
  const worker = workerOn(services, sink.url)
  await addPapers(db, '2026-04-14', 14)
  const stored = await db.select({ id: papers.id }).from(papers).orderBy(asc(papers.listPosition))
  for (const [at, [title, abstract]] of TEXTS.entries())
    await db
      .update(papers)
      .set({ title, abstract, authors: [title, 'Ada'] })
      .where(eq(papers.id, stored[at]!.id))
  for (const email of READERS) await addSubscriber(db, email, { size: 25 })
  for (const locale of LOCALES)
    for (const format of ['html', 'text'] as const)
      for (const cadence of ['daily', 'weekly'] as const)
        await addSubscriber(db, `${locale}-${format}-${cadence}@example.org`, {
          locale,
          format,
          cadence,
          keywords: ['emoji'],
        })
  for (const edition of [
    { kind: 'daily', date: '2026-04-14' },
    { kind: 'weekly', date: '2026-04-13' },
  ] as const) {
    const { editionId } = await assemble(services, edition)
    await setWording(services, edition, { editorNote: 'Read [this](https://example.org/?a=1&b=2) *now*: <b>x</b> 🙂.' })
    await release(services, edition)
    for (const batchId of (await planAll(services, editionId)).batchIds) await deliverBatch(worker, batchId, NEVER)
  }
  expect(sink.taken).toHaveLength(READERS.length + LOCALES.length * 4)
  for (const { to, raw } of sink.taken) {
    expect([to, readStrictly(raw)]).toEqual([to, []])
    const { text, from } = await simpleParser(Buffer.from(raw, 'latin1'))
    expect(from!.value).toEqual([{ name: '研究日報: 論文; (試)', address: 'papers@zeitung.example' }])
    expect(text).toContain('/unsubscribe/')
  }
})

test('service emails in every language hold against strict readers', async ({ db }) => {
  const services = servicesOn(db, SETTINGS)
  const common = { id: 1, messageKey: Buffer.alloc(16), email: READERS[0]!.replace('bücher', 'xn--bcher-kva') }
  const problem = {
    ...{ part: 'Relay', state: 'error' as const, since: '2026-04-15T03:30:00Z', href: '/admin' },
    message: `it refuses our email: 550 5.7.1 “no” ${'word '.repeat(80)}`,
    remedy: 'run paperboy doctor',
  }
  const reader = {
    ...{ subscriberId: 1, zone: 'Europe/Berlin', hour: 8, cadence: 'daily' as const, begun: false },
    ...{ nextDigestAt: new Date('2026-04-16T06:00:00Z'), addressHash: Buffer.alloc(32), nonce: Buffer.alloc(8) },
  }
  const emails = [
    { ...common, kind: 'sign-in' as const, sessionId: 5 },
    { ...common, kind: 'alert' as const, problems: [problem] },
    { ...common, kind: 'alert' as const, problems: [problem, problem] },
    ...LOCALES.flatMap((locale) =>
      (['confirm', 'remind', 'welcome', 'already', 'manage', 'change', 'moved'] as const).flatMap((kind) =>
        [true, false].map((returning) => ({ ...common, ...reader, locale, kind, returning })),
      ),
    ),
  ]
  for (const email of emails)
    expect([email, readStrictly((await composeServiceEmail(services, email)).toString('latin1'))]).toEqual([email, []])
})
