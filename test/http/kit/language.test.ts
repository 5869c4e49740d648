import { fastifyAccepts } from '@fastify/accepts'
import { fastify } from 'fastify'
import { expect, test } from 'vitest'
import { localeOf } from '../../../src/http/kit/language.ts'
import { DEFAULT_NEWSLETTER } from '../../../src/runtime/config/newsletter.ts'

test.each([
  [undefined, 'en'],
  ['', 'en'],
  ['de', 'de'],
  ['DE', 'de'],
  ['de-CH, de;q=0.9, en;q=0.5', 'de'],
  ['en-GB,en;q=0.9,de;q=0.8', 'en'],
  ['it, de;q=0.4, en;q=0.3', 'de'],
  ['es-MX,es;q=0.9,en;q=0.8', 'es'],
  ['fr-CA', 'fr'],
  ['zh-CN,zh;q=0.9,en;q=0.8', 'zh'],
  ['zh-Hans-SG', 'zh'],
  ['zh', 'zh'],
  // Readers of traditional characters read simplified ones more easily than English, unless they prefer English.
  ['zh-TW,zh;q=0.9,en-US;q=0.8,en;q=0.7', 'zh'],
  ['zh-HK', 'zh'],
  ['en-US,en;q=0.9,zh-TW;q=0.8', 'en'],
  ['de;q=0, en', 'en'],
  ['it', 'en'],
  ['*', 'en'],
  ['*, en;q=0', 'de'],
  ['*;q=nonsense, ;;,', 'en'],
])('Accept-Language %s asks for %s', async (header, locale) => {
  const app = fastify().register(fastifyAccepts)
  app.decorate('newsletter', DEFAULT_NEWSLETTER)
  app.get('/', async (request) => localeOf(request))
  const { body } = await app.inject({ url: '/', headers: header === undefined ? {} : { 'accept-language': header } })
  expect(body).toBe(locale)
})
