import { sql } from 'drizzle-orm'
import { pino } from 'pino'
import { buildApp } from '../../src/app.ts'
import { openTemporaryDatabase } from '../../src/embedded/temporary-database.ts'
import { readEnvironment } from '../../src/runtime/config/config.ts'
import { migrate } from '../../src/runtime/db/database.ts'
import { openServices } from '../../src/runtime/open-services.ts'
import type { Services } from '../../src/runtime/services.ts'
import { addSubscriber, lostQueues } from '../support/services.ts'
import { printTable } from './support/table.ts'

const SAMPLES = 200
/** Below this, an attacker learns nothing; .5 is guessing. */
const BAR = 0.6
const ADMIN = 'curator@desk.example'

/**
 * `npm run bench -- enumeration`: measures whether response times reveal known addresses, on a disk that takes eight milliseconds to
 * flush. It prints the area under the ROC curve (AUC) for each route.
 */
export async function bench(_args: string[], stack: AsyncDisposableStack): Promise<void> {
  const services = await open(stack)
  const app = buildApp(services)
  stack.defer(async () => void (await app.close()))
  const base = await app.listen({ host: '127.0.0.1', port: 0 })
  for (let n = 0; n < SAMPLES; n++) await addSubscriber(services.db, `known-${n}@example.org`)
  const form = await adminForm(base)
  const routes: Record<string, (known: boolean, n: number) => Promise<number>> = {
    '/subscribe': (known, n) => time(`${base}/subscribe`, { email: nameOf(known, n) }),
    '/subscribe, again': (known, n) => time(`${base}/subscribe`, { email: nameOf(known, n) }),
    '/manage': (known, n) => time(`${base}/manage`, { email: nameOf(known, n) }),
    '/admin/sign-in': async (known, n) => {
      // Otherwise the rate limit refuses the sixth link in a quarter of an hour.
      await services.db.execute(sql`DELETE FROM admin_sessions`)
      const email = known ? ADMIN : nameOf(false, n)
      return time(
        `${base}/admin/sign-in`,
        { email, _csrf: form.token },
        { cookie: form.cookie, 'x-forwarded-for': `10.0.${n % 250}.${known ? 1 : 2}` },
      )
    },
  }
  const rows: (string | number)[][] = [['route', 'known ms', 'unknown ms', 'AUC', `< ${BAR}`]]
  for (const [name, sample] of Object.entries(routes)) {
    const times: [known: number[], unknown: number[]] = [[], []]
    for (let n = 0; n < SAMPLES; n++) {
      // Alternate, and let each side go first equally often.
      for (const known of n % 2 ? [true, false] : [false, true]) times[known ? 0 : 1].push(await sample(known, n))
    }
    const auc = areaUnderCurve(...times)
    rows.push([name, ...times.map((each) => median(each).toFixed(2)), auc.toFixed(2), auc < BAR ? 'yes' : 'NO'])
  }
  printTable(rows)
}

const nameOf = (known: boolean, n: number): string => `${known ? 'known' : 'other'}-${n}@example.org`

async function open(stack: AsyncDisposableStack): Promise<Services> {
  const { url } = await openTemporaryDatabase(stack)
  await migrate(url)
  const config = readEnvironment({
    DATABASE_URL: url,
    SMTP_URL: 'smtp://127.0.0.1:1',
    PUBLIC_URL: 'http://127.0.0.1',
    MAIL_FROM: 'papers@paperboy.example',
    POSTAL_ADDRESS: '1 Press Street, Inkwell',
    SECRET_KEY: 'k'.repeat(40),
    SUPPRESSION_KEY: 's'.repeat(40),
    ADMIN_EMAILS: ADMIN,
    TRUST_PROXY: '127.0.0.1',
    SIGN_UPS_PER_NETWORK: '1000000',
    SIGN_UPS_PER_DOMAIN: '1000000',
    SIGN_UPS_IN_ALL: '1000000',
  })
  const services = stack.use(await openServices(config as Services['config']))
  await services.db.execute(sql`ALTER SYSTEM SET commit_delay = 8000`)
  await services.db.execute(sql`ALTER SYSTEM SET commit_siblings = 0`)
  await services.db.execute(sql`SELECT pg_reload_conf()`)
  // No worker runs, and DNS is not part of the measurement.
  const mailDomains: Services['mailDomains'] = { signsOf: async () => ({ disposable: false, takesMail: 'yes' }) }
  return { ...services, mailDomains, queues: lostQueues, log: pino({ level: 'silent' }) }
}

async function adminForm(base: string): Promise<{ token: string; cookie: string }> {
  const page = await fetch(`${base}/admin/sign-in`)
  const token = /name="_csrf" value="([^"]+)"/.exec(await page.text())![1]!
  return { token, cookie: page.headers.getSetCookie()[0]!.split(';')[0]! }
}

/** Returns the milliseconds until the whole response has arrived. */
async function time(
  url: string,
  fields: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<number> {
  const begun = performance.now()
  const reply = await fetch(url, { method: 'POST', redirect: 'manual', headers, body: new URLSearchParams(fields) })
  await reply.arrayBuffer()
  if (reply.status !== 303) throw new Error(`${url} answered ${reply.status}`)
  return performance.now() - begun
}

/** Returns the probability that a sample of the slower side takes longer than one of the other side: .5 to 1. */
function areaUnderCurve(some: number[], others: number[]): number {
  const longer = some.reduce((sum, a) => sum + others.filter((b) => a > b).length, 0) / (some.length * others.length)
  return Math.max(longer, 1 - longer)
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!
