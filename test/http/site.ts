import { pino } from 'pino'
import { type App, type AppOptions, buildApp } from '../../src/app.ts'
import type { Services } from '../../src/runtime/services.ts'
import { test as onDatabase } from '../support/database.ts'
import { servicesOn } from '../support/services.ts'

export interface Site {
  app: App
  services: Services
  /** the log so far, at every level */
  logged: () => string
}

export function siteOn(services: Services, options: AppOptions = {}): Site {
  const lines: string[] = []
  const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) })
  const site = { ...services, log }
  return {
    app: buildApp(site, { pageCacheMs: 0, shedsLoad: false, ...options }),
    services: site,
    logged: () => lines.join(''),
  }
}

/** A test with the whole app on its own database. The clock is fixed at noon on 15 April 2026. */
export const test = onDatabase.extend('site', { scope: 'test' }, async ({ db, databaseUrl }, { onCleanup }) => {
  const site = siteOn(servicesOn(db, { DATABASE_URL: databaseUrl }))
  onCleanup(() => site.app.close())
  return site
})

/** Notes from now on, for each job added, whether a transaction was open: then a worker looks before there is something to do. */
export function notedWakes({ services }: Site): { name: string; early: boolean }[] {
  const wakes: { name: string; early: boolean }[] = []
  let open = 0
  const { db, queues } = services
  const transaction: typeof db.transaction = async (...work) => {
    open++
    return db.transaction(...work).finally(() => open--)
  }
  services.db = Object.assign(Object.create(db), { transaction })
  services.queues = { ...queues, wake: async (name) => void wakes.push({ name, early: open > 0 }) }
  return wakes
}

/** A form as a browser posts it. */
export type Fields = Record<string, string> | [string, string][]

export const form = (fields: Fields) => ({
  payload: new URLSearchParams(fields).toString(),
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
})
