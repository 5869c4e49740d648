import { eq, isNotNull } from 'drizzle-orm'
import { cookieScope } from '../http/kit/base-path.ts'
import { authorHref } from '../http/pages/people-paths.ts'
import { mintToken } from '../mail/tokens.ts'
import { paperPath } from '../papers/paper-path.ts'
import { markPaper } from '../papers/votes/marks.ts'
import { addressChanges, papers, subscribers } from '../runtime/db/schema.ts'
import type { Services } from '../runtime/services.ts'
import { requestAddressChange } from '../subscription/change-address.ts'
import { mintManageToken } from '../subscription/manage.ts'
import type { Shot } from './take-shots.ts'

/**
 * Returns the pages beside the straight path: typing errors, expired links, address changes, unsubscribing, privacy.
 * @param address of a confirmed reader
 */
export async function readerPages(services: Services, address: string): Promise<Shot[]> {
  const { db, keys, now } = services
  const [reader] = await db.select().from(subscribers).where(eq(subscribers.email, address))
  const { id, addressHash, confirmNonce } = reader!
  const manage = `/manage/${mintManageToken(keys, id, now(), addressHash!)}`
  await requestAddressChange(services, manage.slice('/manage/'.length), 'ada@new.example')
  const [change] = await db.select().from(addressChanges).where(eq(addressChanges.subscriberId, id))
  const longAgo = new Date(now().getTime() - 30 * 86_400_000)
  const gone = id + 1000
  return [
    { name: 'subscribe', path: '/subscribe' },
    { name: 'embed', path: '/embed' },
    { name: 'embed-sent', path: '/embed?sent=slip' },
    { name: 'subscribe-problem', path: '/subscribe', post: { email: 'ada.reader.example' } },
    { name: 'check-your-inbox-slip', path: '/check-your-inbox?slip=' },
    { name: 'link-too-old', path: `/confirm/${mintToken(keys, 'confirm', id, longAgo, confirmNonce!)}` },
    { name: 'no-edition', path: '/editions/2001-01-01' },
    {
      name: 'preferences-problem',
      path: `/preferences/${mintToken(keys, 'preferences', id, now())}`,
      post: { likePapers: '2604.99999' },
    },
    { name: 'link-broken', path: '/preferences/cut-off' },
    { name: 'left', path: `/unsubscribe/${mintToken(keys, 'unsubscribe', gone, now())}` },
    { name: 'manage', path: '/manage' },
    { name: 'manage-problem', path: '/manage', post: { email: 'ada' } },
    { name: 'manage-sent', path: '/manage?sent=' },
    { name: 'manage-link', path: manage },
    { name: 'manage-erase-problem', path: `${manage}/erase`, post: {} },
    { name: 'manage-change-problem', path: `${manage}/change`, post: { email: 'ada@new' } },
    { name: 'change', path: `/change/${mintToken(keys, 'change', id, now(), change!.nonce)}` },
    { name: 'submit', path: '/submit' },
    { name: 'submit-problem', path: '/submit', post: { paper: 'my paper' } },
    { name: 'submitted', path: '/submitted' },
    { name: 'privacy', path: '/privacy' },
    { name: 'saved-how', path: '/saved' },
    ...(await signedInPages(services, id)),
    { name: 'api-docs', path: '/api/docs' },
  ]
}

/** The pages that a signed-in reader sees differently, after saving three papers. */
async function signedInPages(services: Services, subscriberId: number): Promise<Shot[]> {
  const { db, keys, now, config } = services
  const some = await db.select().from(papers).where(isNotNull(papers.organization)).orderBy(papers.id).limit(4)
  for (const { id } of some.slice(1)) await markPaper(services, { subscriberId, paperId: id, kind: 'saved' })
  const cookie = {
    name: cookieScope(config, 'reader').name,
    value: mintToken(keys, 'reader', subscriberId, now()),
    url: config.PUBLIC_URL,
  }
  return [
    { name: 'saved', path: '/saved' },
    { name: 'for-you', path: '/for-you' },
    { name: 'saved-removed', path: `/saved?removed=${some[0]!.id}` },
    { name: 'paper-saved', path: paperPath(some[1]!) },
    { name: 'author-follow', path: authorHref(some[0]!.authors[0]!) },
    { name: 'topic-follow', path: '/topics/language-models' },
  ].map((shot) => ({ ...shot, cookie }))
}
