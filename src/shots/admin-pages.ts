import { asc, eq } from 'drizzle-orm'
import { assemble } from '../edition/draft/assemble.ts'
import { hold } from '../edition/draft/control.ts'
import { curate } from '../edition/draft/curate.ts'
import { cookieName } from '../http/admin/guard.ts'
import { createSignInLink, signIn } from '../operate/admins/sessions.ts'
import { createApiKey, revokeApiKey } from '../operate/api-keys.ts'
import { countDeliverability } from '../operate/deliverability.ts'
import { addEndpoint, rotateSecret } from '../operate/webhooks/endpoints.ts'
import { WEBHOOK_EVENTS } from '../operate/webhooks/events.ts'
import { countInterest } from '../papers/votes/interest.ts'
import { papers, submissions, webhookMessages } from '../runtime/db/schema.ts'
import type { Services } from '../runtime/services.ts'
import { countReaders } from '../subscription/count-readers.ts'
import { storeUpload } from '../subscription/uploaded-imports.ts'
import type { Cookie, Shot } from './take-shots.ts'

/**
 * Returns the pages of curator and operator, after making a draft to curate and suggested papers.
 * @param dates.draft a list day with papers but no edition
 * @returns the pages, and the cookie that signs a browser in
 */
export async function adminPages(
  services: Services,
  reader: string,
  dates: { released: string; draft: string },
): Promise<{ pages: Shot[]; cookie: Cookie }> {
  const { db, config } = services
  const [admin] = config.ADMIN_EMAILS
  const draft = { kind: 'daily', date: dates.draft } as const
  await db.transaction(async (tx) => {
    const [first, second] = await tx
      .select({ sourceId: papers.sourceId })
      .from(papers)
      .where(eq(papers.listDay, dates.draft))
      .orderBy(asc(papers.id))
    await curate({ ...services, db: tx }, first!.sourceId, 'pick', 'A clear account of something that was hard to see.')
    await curate({ ...services, db: tx }, second!.sourceId, 'drop')
    await assemble({ ...services, db: tx }, draft)
    await hold({ ...services, db: tx }, draft)
    await tx.insert(submissions).values([
      { arxivId: '1706.03762', state: 'found', times: 3, found: { title: 'Attention Is All You Need' } },
      { arxivId: '2604.99999', state: 'unknown' },
    ])
  })
  await makeIntegrations(services)
  const tokenOf = (link: string) => link.split('/').at(-1)!
  const value = await signIn(services, tokenOf(await createSignInLink(services, admin!)))
  const unused = new URL(await createSignInLink(services, admin!)).pathname
  await countReaders(services)
  await countInterest(services)
  await countDeliverability(services)
  const bytes = Buffer.from('Email Address,First Name,Opt-out?\nada@example.org,Ada,no\ngrace@example.org,Grace,yes\n')
  const upload = await storeUpload(services, { name: 'old list.csv', bytes, uploadedBy: admin! })
  return {
    cookie: { name: cookieName(services), value, url: config.PUBLIC_URL },
    pages: [
      { name: 'admin-sign-in', path: '/admin/sign-in' },
      { name: 'admin-sign-in-problem', path: '/admin/sign-in', post: { email: 'curator' }, from: '/admin/sign-in' },
      { name: 'admin-sign-in-sent', path: '/admin/sign-in?sent=' },
      { name: 'admin-enter', path: unused },
      { name: 'admin', path: '/admin' },
      { name: 'admin-draft', path: `/admin/editions/daily/${dates.draft}` },
      { name: 'admin-sent', path: `/admin/editions/daily/${dates.released}` },
      { name: 'admin-unsure', path: `/admin/editions/daily/${dates.draft}/cancel`, post: {}, from: '/admin/readers' },
      { name: 'admin-no-edition', path: '/admin/editions/daily/2001-01-01' },
      { name: 'admin-submissions', path: '/admin/submissions' },
      { name: 'admin-readers', path: '/admin/readers' },
      { name: 'admin-reader', path: '/admin/readers', post: { email: reader }, from: '/admin/readers' },
      { name: 'admin-insights', path: '/admin/insights' },
      { name: 'admin-sources', path: '/admin/sources' },
      { name: 'admin-inbound', path: '/admin/inbound' },
      { name: 'admin-settings', path: '/admin/settings' },
      { name: 'admin-sessions', path: '/admin/sessions' },
      { name: 'admin-imports', path: '/admin/readers/import' },
      { name: 'admin-import', path: `/admin/readers/import/${upload}` },
      { name: 'admin-log', path: '/admin/log' },
      { name: 'admin-keys', path: '/admin/keys' },
      { name: 'admin-webhooks', path: '/admin/webhooks' },
    ],
  }
}

/** Keys and a webhook endpoint with messages in each state. */
async function makeIntegrations(services: Services): Promise<void> {
  const made = { days: 365, createdBy: 'curator@example.org' }
  await createApiKey(services, { name: 'Lab dashboard', scopes: ['read'], ...made })
  const { id } = await createApiKey(services, { name: 'Old shop', scopes: ['readers', 'editions'], ...made })
  await revokeApiKey(services, id)
  const url = 'https://hooks.example.org/paperboy'
  const endpoint = await addEndpoint(services, { url, events: WEBHOOK_EVENTS, includeAddresses: false })
  await rotateSecret(services, endpoint.id)
  const message = { endpointId: endpoint.id, occurredAt: services.now(), attemptedAt: services.now(), data: {} }
  await services.db.insert(webhookMessages).values([
    { ...message, event: 'reader.confirmed', state: 'sent', attempts: 1, status: 200 },
    {
      ...message,
      event: 'edition.released',
      state: 'waiting',
      attempts: 2,
      status: 503,
      failure: 'answered 503',
      dueAt: new Date('2099-01-01'),
    },
    { ...message, event: 'reader.bounced', state: 'failed', attempts: 10, failure: 'no answer in 10 s' },
  ])
}
