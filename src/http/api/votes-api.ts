import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { PaperboyError } from '../../lib/errors.ts'
import type { ListedRow } from '../../papers/lists/listed-rows.ts'
import { castVote, undoVote } from '../../papers/votes/cast.ts'
import { readOwnVotes } from '../../papers/votes/own-papers.ts'
import type { Services } from '../../runtime/services.ts'
import { pastMoment } from '../kit/params.ts'
import { limit, PaperFacts } from './api-papers.ts'
import { NO_CONTENT } from './fields.ts'
import { pageAdder, paperNamed } from './named-paper.ts'

const OwnVotes = z.object({ papers: z.array(PaperFacts.extend({ castAt: z.string() })), next: z.string().optional() })
const ownVotes = { querystring: z.object({ before: pastMoment.optional(), limit }), response: { 200: OwnVotes } }

const oneVote = { params: z.object({ id: z.string() }), response: NO_CONTENT }

/** A reader's votes, in a browser that has their cookie. */
export const votesApiRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  const withPage = pageAdder(services.config)

  // Another site's form cannot send PUT or DELETE.
  app.get(
    '/v1/votes',
    { config: { errors: [403] }, schema: { summary: 'The reader’s own votes', ...ownVotes } },
    async (request) => {
      const { before, limit: most } = request.query
      const page = { before, ...(most ? { limit: most } : {}) }
      const { papers, next } = await readOwnVotes(services, readerOf(request), page)
      return {
        papers: papers.map(({ at, ...paper }) => ({ ...withPage(paper as ListedRow), castAt: at.toISOString() })),
        next: next?.toISOString(),
      }
    },
  )

  const voting = { errors: [403, 404] }
  app.put(
    '/v1/votes/:id',
    { config: voting, schema: { summary: 'Vote for a paper', ...oneVote } },
    async (request, reply) => {
      await castVote(
        services,
        { subscriberId: readerOf(request), paperId: await paperNamed(services, request.params.id) },
        request.ip,
      )
      return reply.code(204).send(null)
    },
  )
  app.delete(
    '/v1/votes/:id',
    { config: voting, schema: { summary: 'Take a vote back', ...oneVote } },
    async (request, reply) => {
      await undoVote(services, {
        subscriberId: readerOf(request),
        paperId: await paperNamed(services, request.params.id),
      })
      return reply.code(204).send(null)
    },
  )
}

function readerOf({ reader }: { reader?: number | undefined }): number {
  if (reader !== undefined) return reader
  throw new PaperboyError(
    'NOT_A_READER',
    'This browser is not known as a reader’s. Open a link to vote from an email first.',
  )
}
