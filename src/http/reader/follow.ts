import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { mintToken } from '../../mail/tokens.ts'
import type { Services } from '../../runtime/services.ts'
import { follow, isFollowing, unfollow } from '../../subscription/follow.ts'
import { BadPreference } from '../../subscription/preference-rules.ts'
import { isFromOwnSite, refuseCrossSite } from '../kit/own-site.ts'
import { ownPath } from '../kit/params.ts'
import { disallowIndexing } from '../kit/security.ts'
import { followedHref, followHref } from '../pages/people-paths.ts'

const KINDS = [
  { kind: 'author', field: 'authors' },
  { kind: 'organisation', field: 'organisations' },
  { kind: 'topic', field: 'topics' },
] as const

/** Follow and Unfollow on the pages of authors, organisations and topics. The reader cookie says who presses. */
export const followRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  disallowIndexing(app)
  const schema = {
    params: z.object({ name: z.string().min(1).max(300) }),
    body: z.object({ back: ownPath }).catch({ back: undefined }),
  }
  for (const { kind, field } of KINDS) {
    for (const [act, change] of [
      ['follow', follow],
      ['unfollow', unfollow],
    ] as const) {
      app.post(`/${field}/:name/${act}`, { schema }, async (request, reply) => {
        const { name } = request.params
        const { reader } = request
        const following = await isFollowing(services.db, reader, kind, name)
        if (reader === undefined || following === undefined) return reply.redirect(followHref(kind, name), 303)
        if (!isFromOwnSite(request, services.config.PUBLIC_URL)) return refuseCrossSite(reply)
        const token = mintToken(services.keys, 'preferences', reader, services.now())
        try {
          await change(services, token, { [field]: name })
        } catch (error) {
          if (!(error instanceof BadPreference)) throw error
          const { t } = reply.locals!
          return reply.code(422).view('message', { heading: t.people.notFollowed, text: t.preferences.problems[field] })
        }
        return reply.redirect(request.body.back ?? followedHref(kind, name), 303)
      })
    }
  }
}
