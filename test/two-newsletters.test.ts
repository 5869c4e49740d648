import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, expect } from 'vitest'
import { buildApp } from '../src/app.ts'
import { planAll } from '../src/delivery/plan/plan-all.ts'
import { databaseOn, openPool } from '../src/runtime/db/database.ts'
import { openQueues } from '../src/runtime/queue.ts'
import { startWorker } from '../workers/worker.ts'
import { freshDatabase, test } from './support/database.ts'
import { startRedis, withoutRedis } from './support/redis.ts'
import { addSubscriber, releasedEdition, servicesOn } from './support/services.ts'
import { openSink } from './support/sink.ts'

const stack: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of stack.splice(0).reverse()) await close()
})

const BIOLOGY = join(import.meta.dirname, 'fixtures/biology/newsletter.toml')

/** A whole service on its own database, sharing one Redis. */
async function startNewsletter(installation: string, redisUrl: string, settings: Record<string, string>) {
  const database = await freshDatabase()
  stack.push(database.drop)
  const pool = openPool(database.url, () => {})
  stack.push(() => pool.end())
  const sink = await openSink()
  stack.push(() => sink.close())
  const queues = await openQueues({ databaseUrl: database.url, redisUrl, installation, onError: () => {} })
  stack.push(() => queues.close())
  const base = servicesOn(databaseOn(pool), { DATABASE_URL: database.url, SMTP_URL: sink.url, ...settings })
  const services = { ...base, queues, now: () => new Date(), log: pino({ level: 'silent' }) }
  const app = buildApp(services, { pageCacheMs: 0 })
  stack.push(() => app.close())
  const worker = await startWorker(services, [])
  stack.push(() => worker.stop())
  return { services, sink, app }
}

test.skipIf(withoutRedis)(
  'two newsletters run side by side on one Redis, and neither shows a trace of the other',
  { timeout: 240_000 },
  async () => {
    const redis = await startRedis()
    stack.push(() => redis.stop())
    const first = await startNewsletter('first', redis.url, {})
    const second = await startNewsletter('second', redis.url, {
      NEWSLETTER_FILE: BIOLOGY,
      PUBLIC_URL: 'https://biology.example',
      MAIL_FROM: 'papers@biology.example',
      POSTAL_ADDRESS: '',
    })
    const both = [
      {
        ...first,
        foreign: /biology|Rosa|Tübingen|0b6e4f|7fd8b5/i,
        subject: 'Confirm your Paperboy subscription',
        language: 'en',
      },
      {
        ...second,
        foreign: /paperboy|\bAK\b|Inkwell|a3281c|ff9a8a/i,
        subject: 'Bestätigen Sie Ihr Abonnement von Trending Biology Papers',
        language: 'de',
      },
    ]
    for (const { app, services } of both) {
      // A browser that asks for a language that neither speaks.
      const headers = { 'content-type': 'application/x-www-form-urlencoded', 'accept-language': 'pt' }
      await app.inject({ method: 'POST', url: '/subscribe', headers, payload: 'email=new%40example.org' })
      await addSubscriber(services.db, 'ada@example.org', { locale: app.newsletter.languages[0] })
      await planAll(services, await releasedEdition(services, '2026-04-14', 3))
    }
    for (const { app, sink, foreign, subject, language } of both) {
      await expect
        .poll(() => sink.taken.map(({ to }) => to).sort(), { timeout: 90_000 })
        .toEqual(['ada@example.org', 'new@example.org'])
      const confirm = await sink.read('new@example.org')
      expect(confirm.subject).toBe(subject)
      const digest = await sink.read('ada@example.org')
      const list = app.newsletter.slug
      expect(digest.headers.get('list')).toMatchObject({ id: { id: expect.stringContaining(`daily.${list}.`) } })
      for (const mail of [confirm, digest])
        expect([mail.subject, mail.text, mail.html, JSON.stringify([...mail.headers])].join('\n')).not.toMatch(foreign)
      const pages = [
        '/',
        '/about',
        '/editions/2026-04-14/email',
        '/feed.atom',
        '/manifest.webmanifest',
        '/api/openapi.json',
        '/nothing',
      ]
      for (const url of pages) {
        const { body, headers } = await app.inject({ url, headers: { 'accept-language': 'pt' } })
        expect({ url, trace: foreign.exec(body + JSON.stringify(headers))?.[0] }).toEqual({ url, trace: undefined })
      }
      const { body } = await app.inject({ url: '/', headers: { 'accept-language': 'pt' } })
      expect(body).toContain(`<html lang="${language}">`)
    }
  },
)
