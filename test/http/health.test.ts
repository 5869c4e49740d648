import { sql } from 'drizzle-orm'
import { expect } from 'vitest'
import { siteOn, test } from './site.ts'

test('healthz says that the process is up, readyz that it can work', async ({ site: { app } }) => {
  expect((await app.inject('/healthz')).json()).toEqual({ status: 'up' })
  expect((await app.inject('/readyz')).json()).toEqual({ status: 'ready', missing: [] })
})

test('readyz names tables that are too old', async ({ db, site: { app } }) => {
  await db.execute(
    sql`DELETE FROM drizzle.__drizzle_migrations WHERE created_at = (SELECT max(created_at) FROM drizzle.__drizzle_migrations)`,
  )
  const reply = await app.inject('/readyz')
  expect(reply.statusCode).toBe(503)
  expect(reply.json().missing).toEqual([expect.stringContaining('paperboy migrate')])
  await db.execute(sql`DROP SCHEMA drizzle CASCADE`)
  expect((await app.inject('/readyz')).json().missing).toEqual([expect.stringContaining('paperboy migrate')])
})

test('readyz names a database that is gone, without its address', async ({ site: { services } }) => {
  const config = { ...services.config, DATABASE_URL: 'postgres://someone:secret@127.0.0.1:1/nothing' }
  const { app, logged } = siteOn({ ...services, config })
  const reply = await app.inject('/readyz')
  expect(reply.statusCode).toBe(503)
  expect(reply.json()).toEqual({ status: 'not ready', missing: ['the database cannot be reached'] })
  expect(reply.body + logged()).not.toMatch(/secret|127\.0\.0\.1/)
  expect((await app.inject('/healthz')).statusCode).toBe(200)
  await app.close()
})
