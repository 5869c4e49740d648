import { fastifyCookie } from '@fastify/cookie'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { PaperboyError } from '../../lib/errors.ts'
import { mintToken, verifyToken } from '../../mail/tokens.ts'
import type { Services } from '../../runtime/services.ts'
import { cookieScope } from '../kit/base-path.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** the subscriber whose browser this is, by a cookie that we signed; undefined for everybody else */
    reader?: number | undefined
  }
}

export type ReaderRequest = Pick<FastifyRequest, 'reader'>

/** A browser that is used at all renews it with every vote. */
const KEPT_DAYS = 365
const SECONDS_A_DAY = 86_400

type Deps = Pick<Services, 'keys' | 'config' | 'now'>

/**
 * A reader is known on the site without an account: a link in their mail leads to a button, and the button leaves a cookie that
 * names the subscriber. It votes and lists votes, and can do nothing else: mail and preferences need a link from a mail.
 */
export async function identifyReaders(app: FastifyInstance, { keys, config, now }: Deps): Promise<void> {
  await app.register(fastifyCookie)
  app.addHook('onRequest', async (request) => {
    const cookie = request.cookies[cookieName(config)]
    if (!cookie) return
    try {
      const { subscriberId, issuedAt } = verifyToken(keys, 'reader', cookie)
      const ageDays = (now().getTime() - issuedAt.getTime()) / (SECONDS_A_DAY * 1000)
      if (ageDays <= KEPT_DAYS) request.reader = subscriberId
    } catch (error) {
      if (!(error instanceof PaperboyError)) throw error
    }
  })
}

/** From now on this browser is this reader's. */
export const setReaderCookie = ({ keys, config, now }: Deps, reply: FastifyReply, subscriberId: number): FastifyReply =>
  reply.setCookie(cookieName(config), mintToken(keys, 'reader', subscriberId, now()), {
    ...options(config),
    maxAge: KEPT_DAYS * SECONDS_A_DAY,
  })

export const clearReaderCookie = ({ config }: Pick<Deps, 'config'>, reply: FastifyReply): FastifyReply =>
  reply.clearCookie(cookieName(config), options(config))

type Where = Pick<Services['config'], 'PUBLIC_URL'>

const cookieName = (config: Where): string => cookieScope(config, 'reader').name

function options(config: Where) {
  const { path, secure } = cookieScope(config, 'reader')
  return { path, httpOnly: true, sameSite: 'lax', secure } as const
}
