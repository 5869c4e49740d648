import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { ATTENTION_NAMES } from '../../operate/attention/attention.ts'
import { findAttention } from '../../operate/attention/find.ts'
import { readServiceStatus } from '../../operate/status.ts'
import type { Services } from '../../runtime/services.ts'
import { moment, nullableMoment } from './fields.ts'

const count = z.int().min(0)
const Status = z.object({
  halted: z.object({ why: z.string(), since: moment }).nullable().describe('set while no email and no webhook is sent'),
  workers: count,
  readers: z.record(z.string(), count).describe('readers by status'),
  papers: z.object({ papers: count, days: count, newest: z.string().nullable() }),
  serviceEmails: z.record(z.string(), count).describe('unfinished service emails by state'),
  sources: z.array(z.object({ source: z.string(), state: z.string(), readAt: nullableMoment })),
})

const Problems = z.object({
  problems: z.array(
    z.object({
      name: z.enum(ATTENTION_NAMES),
      about: z.string(),
      state: z.enum(['warning', 'error']),
      since: nullableMoment,
      message: z.string(),
      remedy: z.string(),
      page: z.string(),
    }),
  ),
})
const scopes = ['read'] as const

/** The state of the service, for programs: what the command `status` shows. */
export const statusApiRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  app.get(
    '/v1/status',
    { config: { scopes }, schema: { summary: 'The state of the service, as counts', response: { 200: Status } } },
    async () => {
      const { halted, workers, readers, papers, outbox, sources } = await readServiceStatus(services)
      return {
        halted: halted ? { why: halted.why, since: halted.since.toISOString() } : null,
        ...{ workers, readers, papers },
        serviceEmails: Object.fromEntries(outbox.map(({ state, count: each }) => [state, each])),
        sources: sources.map(({ source, state, readAt }) => ({ source, state, readAt: readAt?.toISOString() ?? null })),
      }
    },
  )

  app.get(
    '/v1/problems',
    { config: { scopes }, schema: { summary: 'What needs a person, errors first', response: { 200: Problems } } },
    async () => ({
      problems: (await findAttention(services)).map(({ name, about, state, since, message, remedy, href }) => ({
        ...{ name, about, state, message, remedy },
        since: since?.toISOString() ?? null,
        page: services.config.PUBLIC_URL + href,
      })),
    }),
  )
}
