import { expect } from 'vitest'
import { test } from '../site.ts'

test('the page without papers names no form above it, since readers see none there', async ({ site: { app } }) => {
  const { body } = await app.inject('/')
  expect(body).toContain('still collecting the first list. Check back in a few minutes.')
  expect(body).not.toContain('Subscribe above')
})
