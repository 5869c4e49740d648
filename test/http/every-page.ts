import { sql } from 'drizzle-orm'
import { mintToken } from '../../src/mail/tokens.ts'
import { subscribers } from '../../src/runtime/db/schema.ts'
import { mintManageToken } from '../../src/subscription/manage.ts'
import { addThumbnail } from '../support/pictures.ts'
import { addSubscriber, NOON, releasedEdition } from '../support/services.ts'
import type { Site } from './site.ts'

/** Adds editions and a reader, and returns the paths of all their pages, with every kind of link. */
export async function everyPage({ services }: Site): Promise<string[]> {
  await releasedEdition(services, '2026-04-13', 2)
  await releasedEdition(services, '2026-04-14', 3)
  const id = await addSubscriber(services.db, 'ada@example.org', { zone: 'Europe/Berlin' })
  const [ada] = await services.db.select().from(subscribers)
  const token = (purpose: 'confirm' | 'unsubscribe' | 'preferences', at = NOON) =>
    `/${purpose}/${mintToken(services.keys, purpose, id, at)}`
  const vote = mintToken(services.keys, 'vote', id, NOON)
  await services.db.execute(sql`
    INSERT INTO signals (paper_id, observed_at, votes, origin)
    SELECT 1, timestamptz '2026-04-13 06:00Z' + n * interval '4 hours', n * n, 'file' FROM generate_series(1, 4) n`)
  await services.db.execute(
    sql`UPDATE papers SET topics = '{agents,video-generation}', organization = 'Analytical Engines', abstract = 'We get $\\mu^2$, see https://a.example/x.'`,
  )
  await addThumbnail(services.db, 3)
  return [
    '/',
    '/papers?week=2026-W16',
    '/trends',
    '/trends?week=2026-W16',
    '/trends?week=2020-W10',
    '/papers?month=2026-04',
    '/papers/1',
    '/papers/2',
    '/papers/1/vote',
    `/papers/1/vote/${vote}`,
    '/votes',
    '/saved',
    '/for-you',
    `/votes/${vote}`,
    '/papers?date=2026-04-13',
    '/papers?date=2026-04-01',
    '/papers?date=today',
    '/subscribe',
    '/check-your-inbox',
    '/check-your-inbox?slip=',
    '/manage',
    '/manage?sent=',
    `/manage/${mintManageToken(services.keys, id, NOON, ada!.addressHash!)}`,
    `/manage/${mintManageToken(services.keys, id, new Date('2026-01-01'), ada!.addressHash!)}`,
    `/change/${mintToken(services.keys, 'change', id, NOON, Buffer.alloc(8))}`,
    token('confirm'),
    token('confirm', new Date('2026-01-01')),
    '/welcome?first=2026-04-16T06:00:00.000Z',
    `/welcome?first=2026-04-16T06:00:00.000Z&choose=${mintToken(services.keys, 'preferences', id, NOON)}`,
    token('unsubscribe'),
    token('preferences'),
    `${token('preferences')}?saved=`,
    '/editions',
    '/editions/2026-04-14',
    '/editions/2026-04-14/email',
    '/about',
    '/authors/Ada%20Lovelace',
    '/authors/Nemo',
    '/organisations/Analytical%20Engines',
    '/search',
    '/search?q=paper',
    '/search?q=%22paper%22&topic=agents&code=',
    '/search?q=nothing-of-the-kind',
    '/topics',
    '/topics?q=video',
    '/topics/video-generation',
    '/topics/nothing-of-the-kind',
    '/feeds',
    '/submit',
    '/submitted',
    '/privacy',
    '/api/docs',
    '/nothing/here',
  ]
}
