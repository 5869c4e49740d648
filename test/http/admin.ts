import { cookieName } from '../../src/http/admin/guard.ts'
import { createSignInLink, signIn } from '../../src/operate/admins/sessions.ts'
import type { Db } from '../../src/runtime/db/database.ts'
import { auditLog } from '../../src/runtime/db/schema.ts'
import { test as onDatabase } from '../support/database.ts'
import { servicesOn } from '../support/services.ts'
import { type Fields, form, type Site, siteOn } from './site.ts'

export const CURATOR = 'Curator@desk.example'
export const OPERATOR = 'operator@desk.example'

/** The whole app with two admins and a movable clock. */
export const test = onDatabase.extend(
  'site',
  { scope: 'test' },
  async ({ db, databaseUrl }, { onCleanup }): Promise<Site & { clock: { now: Date } }> => {
    const clock = { now: new Date('2026-04-15T12:00:00Z') }
    const site = siteOn(servicesOn(db, { DATABASE_URL: databaseUrl, ADMIN_EMAILS: `${CURATOR}, ${OPERATOR}` }, clock))
    onCleanup(() => site.app.close())
    return { ...site, clock }
  },
)

/** The cookies and the form token that a browser gets from a page. */
export async function formOf({ app }: Pick<Site, 'app'>, url: string, cookies: Record<string, string> = {}) {
  const page = await app.inject({ url, cookies })
  const set = page.cookies.map(({ name, value }) => [name, value])
  return {
    cookies: { ...cookies, ...Object.fromEntries(set) } as Record<string, string>,
    fields: { _csrf: /name="_csrf" value="([^"]+)"/.exec(page.body)?.[1] ?? 'none' },
  }
}

/** A signed-in browser that sends its form token. */
export async function signedIn(site: Site, address = CURATOR) {
  const { app, services } = site
  const token = (await createSignInLink(services, address)).split('/').at(-1)!
  const session = { [cookieName(services)]: await signIn(services, token) }
  const { cookies, fields: own } = await formOf(site, '/admin/readers', session)
  return {
    cookies,
    fields: own,
    get: (url: string) => app.inject({ url, cookies }),
    /** @param fields pairs if their names repeat */
    post: (url: string, fields: Fields = {}, headers: Record<string, string> = {}) => {
      const given = Array.isArray(fields) ? [...Object.entries(own), ...fields] : { ...own, ...fields }
      const { payload, headers: typed } = form(given)
      return app.inject({ method: 'POST', url, cookies, payload, headers: { ...typed, ...headers } })
    },
  }
}

/** The audit log without sign-ins, oldest first. */
export const auditLines = async (db: Db) =>
  (await db.select().from(auditLog).orderBy(auditLog.id))
    .filter(({ action }) => action !== 'signed in')
    .map(({ actor, action, target }) => `${actor}: ${action} ${target}`)
