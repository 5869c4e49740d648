import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { AddressError } from '../../mail/address.ts'
import type { Messages } from '../../messages/catalogue.ts'
import { canonicalSlug } from '../../papers/topics/keywords.ts'
import { topicName } from '../../papers/topics/topic-name.ts'
import type { Services } from '../../runtime/services.ts'
import { invalidFields } from '../../subscription/preference-rules.ts'
import { signUp } from '../../subscription/sign-up.ts'
import { evidenceFields, readEvidence } from '../kit/evidence.ts'
import { timeZoneField } from '../kit/zones.ts'

/** One value of each kind, from a link to follow something. Invalid values count as absent. */
const wish = z.string().optional().catch(undefined)
const wishFields = { topic: wish, author: wish, organisation: wish }

interface Wish {
  topic?: string | undefined
  author?: string | undefined
  organisation?: string | undefined
}

function wishesOf({ topic, author, organisation }: Wish) {
  const wishes = {
    topics: topic ? [canonicalSlug(topic)] : [],
    authors: author ? [author] : [],
    organisations: organisation ? [organisation] : [],
  }
  for (const field of invalidFields(wishes)) wishes[field as keyof typeof wishes] = []
  return wishes
}

/** The wishes for the form: hidden fields, and what they say. */
function wishView(given: Wish, t: Messages) {
  const { topics, authors, organisations } = wishesOf(given)
  return {
    wishes: [
      ...topics.map((value) => ({ name: 'topic', value, label: topicName(value, t) })),
      ...authors.map((value) => ({ name: 'author', value, label: value })),
      ...organisations.map((value) => ({ name: 'organisation', value, label: value })),
    ],
  }
}

/** Sign-up. The response is the same for every address, known or not. */
export const subscribeRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  app.get('/subscribe', { schema: { querystring: z.object(wishFields) } }, async ({ query }, reply) =>
    reply.view('subscribe', wishView(query, reply.locals!.t)),
  )

  const schema = {
    body: z
      .object({ email: z.string().catch(''), zone: timeZoneField, ...wishFields, ...evidenceFields })
      .catch({ email: '', zone: undefined }),
  }
  app.post('/subscribe', { schema }, async ({ body, ip }, reply) => {
    const { locale, t } = reply.locals!
    const { email, zone } = body
    try {
      const evidence = readEvidence(services, body)
      const wishes = wishesOf(body)
      const { slip } = await signUp(services, { typed: email, zone, locale, origin: ip, wishes, evidence })
      return reply.redirect(slip ? '/check-your-inbox?slip=' : '/check-your-inbox', 303)
    } catch (error) {
      if (!(error instanceof AddressError)) throw error
      return reply
        .code(422)
        .view('subscribe', { typed: email, problem: t.address[error.problem], ...wishView(body, t) })
    }
  })

  const next = { querystring: z.object({ slip: z.literal('').optional().catch(undefined) }) }
  app.get('/check-your-inbox', { schema: next }, async ({ query }, reply) =>
    reply.view('check-your-inbox', { slip: query.slip !== undefined }),
  )
}
