import type { FastifyInstance, FastifyReply } from 'fastify'
import { PaperboyError } from '../../lib/errors.ts'
import { mintToken, type TokenKeys, type TokenPurpose, verifyToken } from '../../mail/tokens.ts'
import { isLocale } from '../../messages/catalogue.ts'
import type { Messages } from '../../messages/en.ts'
import { feedDateOf, newestClosedDay } from '../../papers/lists/feed-papers.ts'
import type { ListedRow } from '../../papers/lists/listed-rows.ts'
import { readTopicNames } from '../../papers/topics/topic-name.ts'
import { queryColumn, text } from '../../runtime/db/query.ts'
import type { Services } from '../../runtime/services.ts'
import { setLocale } from '../kit/language.ts'
import { FEED_FORMS } from './feeds.ts'

interface PrivateFeed {
  /** path of the page that has this feed */
  home: string
  purpose: TokenPurpose
  about: (t: Messages) => { title: string; description: string }
  /** `at`: when a paper entered the feed */
  read: (reader: number) => Promise<(ListedRow & { at: Date })[]>
}

/** Adds a feed of one reader's papers in every format. A token in its path names the reader, since feed readers send no cookie. */
export function addPrivateFeed(app: FastifyInstance, services: Services, { home, purpose, about, read }: PrivateFeed) {
  const { db, keys, now, config } = services
  for (const [file, { type, write }] of Object.entries(FEED_FORMS)) {
    app.get<{ Params: { token: string } }>(`${home}/:token${file}`, async ({ params: { token } }, reply) => {
      const reader = verifyToken(keys, purpose, token).subscriberId
      const t = await setReaderLocale(services, reader, reply)
      const papers = await read(reader)
      const topics = papers.flatMap((paper) => paper.topics)
      const at = new Map(papers.map((paper) => [paper.id, paper.at]))
      const deps = { now, closeHourUtc: config.EDITION_CLOSE_HOUR_UTC }
      return reply.type(`${type}; charset=utf-8`).send(
        await write({
          t,
          publicUrl: config.PUBLIC_URL,
          newsletter: config.newsletter.name,
          path: `${home}/${token}${file}`,
          home,
          ...about(t),
          nameOf: await readTopicNames(db, topics, t),
          papers,
          since: (paper) => at.get(paper.id)!,
          closedAt: feedDateOf(newestClosedDay(deps), deps.closeHourUtc),
        }),
      )
    })
  }
}

/** Links to a private feed. They never expire, so the token names no time and stays the same. */
export function privateFeedLinks(
  keys: TokenKeys,
  { home, purpose }: Pick<PrivateFeed, 'home' | 'purpose'>,
  reader: number,
) {
  const token = mintToken(keys, purpose, reader, new Date(0))
  return Object.entries(FEED_FORMS).map(([file, { type, name }]) => ({ type, name, href: `${home}/${token}${file}` }))
}

/** Sets the reader's own language. @throws PaperboyError TOKEN_UNKNOWN for an erased or deleted reader */
async function setReaderLocale({ db, config }: Pick<Services, 'db' | 'config'>, reader: number, reply: FastifyReply) {
  const [locale] = await queryColumn(db, text)`
    SELECT locale FROM subscribers WHERE id = ${reader} AND status <> 'erased'`
  if (locale === undefined)
    throw new PaperboyError('TOKEN_UNKNOWN', 'This link is not valid. Part of it may be missing.')
  return setLocale(reply, isLocale(locale) ? locale : config.newsletter.languages[0])
}
