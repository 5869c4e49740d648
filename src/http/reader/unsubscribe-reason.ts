import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { mintToken } from '../../mail/tokens.ts'
import type { Services } from '../../runtime/services.ts'
import { checkUnsubscribe } from '../../subscription/unsubscribe.ts'
import { countUnsubscribeReason, UNSUBSCRIBE_REASONS } from '../../subscription/unsubscribe-reasons.ts'
import { disallowIndexing } from '../kit/security.ts'

/** The reasons as buttons, for templates/pages/unsubscribed.eta. */
export const reasonButtons = ({ keys, now }: Pick<Services, 'keys' | 'now'>, token: string) => {
  const { subscriberId } = checkUnsubscribe({ keys }, token)
  const fresh = mintToken(keys, 'unsubscribe', subscriberId, now())
  return UNSUBSCRIBE_REASONS.map((reason) => ({
    action: `/unsubscribe/${fresh}/because/${reason}`,
    reason,
  }))
}

/** POST counts a reason, one click on the page after unsubscribing. The page that it leads to does not ask again. */
export const unsubscribeReasonRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  disallowIndexing(app)
  const schema = { params: z.object({ token: z.string(), reason: z.enum(UNSUBSCRIBE_REASONS) }) }
  app.post('/unsubscribe/:token/because/:reason', { schema }, async ({ params }, reply) => {
    await countUnsubscribeReason(services, params.token, params.reason)
    return reply.redirect(`/unsubscribe/${params.token}?thanks=`, 303)
  })
}
