import { expect } from 'vitest'
import { test } from '../site.ts'

test('the API has an OpenAPI document and a page', async ({ site: { app } }) => {
  const document = (await app.inject('/api/openapi.json')).json()
  expect(document.openapi).toBe('3.1.0')
  expect(Object.keys(document.paths)).toContain('/api/v1/subscriptions')
  for (const path of Object.keys(document.paths)) expect(path).toMatch(/^\/api\/v1\//)
  expect(document.paths['/api/v1/subscriptions'].post.requestBody.content['application/json'].schema).toMatchObject({
    properties: { email: { type: 'string' } },
    required: expect.arrayContaining(['email']),
  })
  const page = await app.inject('/api/docs')
  expect(page.statusCode).toBe(200)
  expect(page.body).toContain('/api/v1/subscriptions')
  expect(page.body).not.toMatch(/<script(?![^>]+src=)|style="|onclick/)
})
