import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { forecast } from '../../delivery/plan/forecast.ts'
import { preview } from '../../delivery/preview/preview.ts'
import { sendTest } from '../../delivery/preview/send-test.ts'
import { describeEdition, findEdition } from '../../edition/draft/control.ts'
import { LOCALES } from '../../messages/catalogue.ts'
import { requireAdmin } from '../../operate/admins/sessions.ts'
import { recordAudit } from '../../operate/audit.ts'
import type { Services } from '../../runtime/services.ts'
import { OTHER_SERVER_MS } from '../kit/server-options.ts'
import { editionKey, emailField, moment, nullableMoment } from './fields.ts'
import { keyActor } from './key-actor.ts'

const params = z.object(editionKey)
const locale = z.enum(LOCALES).optional()

const reading = ['read', 'editions'] as const
const count = z.int().min(0)
const Forecast = z.object({
  readers: count,
  first: nullableMoment,
  last: nullableMoment,
  locales: z.array(z.object({ locale: z.string(), readers: count })),
  zones: z.array(z.object({ zone: z.string(), readers: count, first: moment, last: moment })),
  hours: z.array(z.object({ from: moment, emails: count })),
  left: z
    .object({ paused: count, suppressed: count, otherCadence: count })
    .describe('active readers who do not get it'),
})

/** Who gets an edition and when; its email as a new reader would get it, and a test of it, for programs. */
export const editionPreviewsApiRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  app.get(
    '/v1/editions/:kind/:date/forecast',
    {
      config: { scopes: reading, errors: [404] },
      schema: {
        summary: 'Who gets an edition and when, if it is released as planned; of a released one, who still gets it',
        params,
        response: { 200: Forecast },
      },
    },
    async ({ params: key }) => {
      const { first, last, zones, hours, ...counts } = await forecast(services, await findEdition(services, key))
      const iso = (at: Date | null) => at?.toISOString() ?? null
      return {
        ...counts,
        ...{ first: iso(first), last: iso(last) },
        zones: zones.map((each) => ({ ...each, first: each.first.toISOString(), last: each.last.toISOString() })),
        hours: hours.map(({ from, emails }) => ({ from: from.toISOString(), emails })),
      }
    },
  )

  app.get(
    '/v1/editions/:kind/:date/preview',
    {
      config: { scopes: reading, errors: [404, 409] },
      schema: {
        summary: 'An edition as a new reader would receive it. Sends nothing',
        params,
        querystring: z.object({ locale, size: z.coerce.number().int().min(1).max(120).optional() }),
        response: { 200: z.object({ subject: z.string(), html: z.string(), text: z.string() }) },
      },
    },
    async ({ params: key, query }) => {
      const { subject, html, text } = await preview(services, key, undefined, query)
      return { subject, html, text }
    },
  )

  app.post(
    '/v1/editions/:kind/:date/test',
    {
      config: { scopes: ['editions'], errors: [404, 409], handlerTimeoutMs: OTHER_SERVER_MS },
      schema: {
        summary: 'Email an edition as a test to an address of ADMIN_EMAILS, with [Test] before its subject',
        params,
        body: z.strictObject({ to: emailField, locale }),
        response: { 200: z.object({ state: z.string(), reply: z.string().describe('of the relay') }) },
      },
    },
    async (request) => {
      const { params: key, body } = request
      // To admins alone: a leaked key must not email strangers.
      const to = requireAdmin(services.config, body.to)
      const { state, reply } = await sendTest(services, key, to, body.locale ? { locale: body.locale } : {})
      const action = state === 'accepted' ? 'sent a test of' : 'tried to send a test of'
      await recordAudit(services.db, services.now(), { actor: keyActor(request), action, target: describeEdition(key) })
      return { state, reply }
    },
  )
}
