import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { papersBy } from '../../papers/lists/papers-by.ts'
import type { Services } from '../../runtime/services.ts'
import { saveTransfer } from '../kit/save-transfer.ts'
import { limit, Papers } from './api-papers.ts'
import { pageAdder } from './named-paper.ts'

/** Papers of authors and organisations, as JSON. */
export const peopleApiRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  await saveTransfer(app)
  const withPage = pageAdder(services.config)
  const byName = {
    querystring: z.object({ name: z.string().min(1).max(300), after: z.string().max(100).optional(), limit }),
    response: { 200: z.object({ total: z.number(), papers: Papers, next: z.string().optional() }) },
  }
  for (const who of ['author', 'organisation'] as const) {
    const schema = { summary: `Papers of an ${who}, by the name as papers write it, newest first`, ...byName }
    app.get(`/v1/${who}s`, { config: { open: true }, schema }, async ({ query: { name, ...page } }, reply) => {
      const found = await papersBy(services, who === 'author' ? { author: name } : { organisation: name }, page)
      return reply.header('cache-control', 'public, max-age=60').send({ ...found, papers: found.papers.map(withPage) })
    })
  }
}
