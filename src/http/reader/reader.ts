import { fastifyCookie } from '@fastify/cookie'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { PaperboyError } from '../../lib/errors.ts'
import { mintToken, verifyToken } from '../../mail/tokens.ts'
import type { Services } from '../../runtime/services.ts'
import { cookieScope } from '../kit/base-path.ts'
import { isFromOwnSite } from '../kit/own-site.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** subscriber id from the signed reader cookie; undefined without a valid one */
    reader?: number | undefined
  }
}

export type ReaderRequest = Pick<FastifyRequest, 'reader'>

/** Each judgement of a paper renews the cookie. */
const COOKIE_DAYS = 365
const SECONDS_A_DAY = 86_400

type Deps = Pick<Services, 'keys' | 'config' | 'now'>

/**
 * Identifies readers without accounts: a link in their email leads to a button that sets a signed cookie with the subscriber id.
 * The cookie permits judging papers (vote, save, not interested, more like this), listing one's own, and following authors,
 * organisations and topics, nothing else. All other preferences need a link from an email.
 */
export async function identifyReaders(app: FastifyInstance, { keys, config, now }: Deps): Promise<void> {
  await app.register(fastifyCookie)
  const name = cookieName(config)
  app.addHook('onRequest', async (request, reply) => {
    const cookie = request.cookies[name]
    if (!cookie) return
    try {
      const { subscriberId, issuedAt } = verifyToken(keys, 'reader', cookie)
      const ageDays = (now().getTime() - issuedAt.getTime()) / (SECONDS_A_DAY * 1000)
      if (ageDays > COOKIE_DAYS) return
      request.reader = subscriberId
      reply.locals!.known = true
    } catch (error) {
      if (!(error instanceof PaperboyError)) throw error
    }
  })
}

/**
 * Sets or renews the reader cookie. Only for a button on our own page: a form elsewhere, with its author's link, would make a browser
 * that author's, who then sees what it saves.
 */
export const setReaderCookie = (
  { keys, config, now }: Deps,
  reply: FastifyReply,
  subscriberId: number,
): FastifyReply =>
  isFromOwnSite(reply.request, config.PUBLIC_URL)
    ? reply.setCookie(cookieName(config), mintToken(keys, 'reader', subscriberId, now()), {
        ...options(config),
        maxAge: COOKIE_DAYS * SECONDS_A_DAY,
      })
    : reply

export const clearReaderCookie = ({ config }: Pick<Deps, 'config'>, reply: FastifyReply): FastifyReply =>
  reply.clearCookie(cookieName(config), options(config))

type Where = Pick<Services['config'], 'PUBLIC_URL'>

const cookieName = (config: Where): string => cookieScope(config, 'reader').name

function options(config: Where) {
  const { path, secure } = cookieScope(config, 'reader')
  return { path, httpOnly: true, sameSite: 'lax', secure } as const
}
