import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { isDay } from '../../calendar/days.ts'
import { type Span, spanNamed } from '../../calendar/spans.ts'
import { PaperboyError } from '../../lib/errors.ts'
import { listDay, listSpan } from '../../papers/lists/list-day.ts'
import type { ListedRow } from '../../papers/lists/listed-rows.ts'
import { findPaper, readPaper } from '../../papers/lists/paper.ts'
import { type PaperKey, paperPath } from '../../papers/paper-path.ts'
import { searchPapers } from '../../papers/search/search.ts'
import { similarPapers } from '../../papers/search/similar.ts'
import { castVote, paperNotFound, undoVote } from '../../papers/votes/cast.ts'
import { readOwnVotes } from '../../papers/votes/own-papers.ts'
import type { Services } from '../../runtime/services.ts'
import { pastMoment } from '../kit/params.ts'
import { cachedTopics, cachedTrends } from '../pages/cached-topics.ts'

const limit = z.coerce.number().int().min(1).max(100).optional()
const day = z.string().refine(isDay, 'is not a day of the calendar: write YYYY-MM-DD').optional()
const named = (kind: Span['kind'], form: string) =>
  z
    .string()
    .refine((key) => spanNamed(kind, key) !== undefined, `is not in the calendar: write ${form}`)
    .optional()

const PaperFacts = z.object({
  id: z.number(),
  /** URL of the paper's page on this site */
  page: z.string(),
  source: z.string(),
  sourceId: z.string(),
  title: z.string(),
  authors: z.array(z.string()),
  organization: z.string().optional(),
  summary: z.string(),
  /** a language model wrote the summary, not the authors */
  aiSummary: z.boolean(),
  votes: z.number().optional(),
  comments: z.number().optional(),
  stars: z.number().optional(),
  url: z.string().optional(),
  pdfUrl: z.string().optional(),
  codeUrl: z.string().optional(),
  projectUrl: z.string().optional(),
  discussionUrl: z.string().optional(),
  reason: z.string().optional(),
  picked: z.boolean(),
  sample: z.boolean(),
  listDay: z.string(),
  topics: z.array(z.string()),
})
const Papers = z.array(PaperFacts)

const List = z.object({
  kind: z.enum(['day', 'week', 'month']),
  name: z.string(),
  from: z.string(),
  to: z.string(),
  open: z.boolean(),
  closesAt: z.string(),
  total: z.number(),
  papers: Papers,
  /** `after` of the next page */
  next: z.number().optional(),
})
const listed = {
  querystring: z.object({
    date: day,
    week: named('week', 'YYYY-Www'),
    month: named('month', 'YYYY-MM'),
    after: z.coerce.number().int().optional(),
    limit,
  }),
  response: { 200: List },
}

const PaperWhole = PaperFacts.extend({
  abstract: z.string(),
  keywords: z.array(z.string()),
  publishedAt: z.string().optional(),
  withdrawnAt: z.string().optional(),
  history: z.array(z.object({ at: z.string(), votes: z.number() })),
  ownVotes: z.number(),
  editions: z.array(
    z.object({ kind: z.enum(['daily', 'weekly']), date: z.string(), position: z.number(), papers: z.number() }),
  ),
  similar: Papers,
})

const Pieces = z.array(z.object({ text: z.string(), hit: z.boolean() }))
const Found = z.object({
  papers: z.array(
    PaperFacts.extend({
      titlePieces: Pieces,
      snippet: Pieces,
      match: z.enum(['all', 'some']).describe('whether the paper has all words or only some'),
    }),
  ),
  total: z.object({
    all: z.number().describe('papers with all words'),
    approximate: z.boolean().describe('whether `all` is an estimate'),
    some: z.number().describe('papers with some words, at most 100. They follow when fewer than 20 have all words'),
    listed: z.number().describe('papers on all pages. By relevance, only the best 300 of very many are listed'),
  }),
  next: z.string().optional(),
  corrected: z
    .string()
    .optional()
    .describe('the corrected words that were searched for, since no paper has the given ones'),
  arxivId: z.string().optional().describe('the arXiv id that `q` names'),
})
const searched = {
  querystring: z.object({
    q: z.string().max(1000).optional(),
    from: day,
    to: day,
    topic: z.string().max(60).optional(),
    code: z.stringbool().optional(),
    order: z.enum(['relevance', 'date']).optional(),
    exact: z.stringbool().optional().describe('search for the words as typed, without correcting them'),
    after: z.string().max(100).optional(),
    limit,
  }),
  response: { 200: Found },
}

const Topics = z.object({ topics: z.array(z.object({ slug: z.string(), name: z.string(), papers: z.number() })) })

const Trends = z.object({
  week: z.string(),
  from: z.string(),
  to: z.string(),
  lastDay: z.string().describe('the newest list day that counts'),
  partial: z.boolean().describe('the week goes on. Every week then counts up to the weekday of `lastDay`'),
  papers: z.number(),
  before: z.number().describe('papers of the week before'),
  mondays: z.array(z.string()),
  fields: z.array(
    z.object({ slug: z.string(), weeks: z.array(z.number()).describe('papers in the weeks of `mondays`') }),
  ),
  risers: z.array(
    PaperFacts.extend({
      votes: z.number().describe('votes at the end of the first two days, or now'),
      readings: z.array(z.object({ hours: z.number().describe('since the list day began, UTC'), votes: z.number() })),
    }),
  ),
  days: z.array(z.object({ day: z.string(), papers: z.number() })),
})
const trended = { querystring: z.object({ week: named('week', 'YYYY-Www') }), response: { 200: Trends } }

const OwnVotes = z.object({ papers: z.array(PaperFacts.extend({ castAt: z.string() })), next: z.string().optional() })
const ownVotes = { querystring: z.object({ before: pastMoment.optional(), limit }), response: { 200: OwnVotes } }

const oneVote = { params: z.object({ id: z.string() }), response: { 204: z.null() } }

const PUBLIC = { 'cache-control': 'public, max-age=60' }

/** Lists, papers, search and topics as JSON. Text is plain, so clients must escape it. */
export const apiPaperRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  const allTopics = cachedTopics(services)
  const deps = { ...services, closeHourUtc: services.config.EDITION_CLOSE_HOUR_UTC }
  const withPage = <P extends PaperKey>(paper: P) => ({ ...paper, page: services.config.PUBLIC_URL + paperPath(paper) })

  /** Finds a paper by its arXiv id in any form, or by our id. */
  const numberOf = async (name: string): Promise<number> => {
    const paper = await findPaper(services.db, name)
    if (!paper) throw paperNotFound()
    return paper.id
  }

  app.get('/v1/papers', { schema: listed }, async ({ query }, reply) => {
    const { date, week, month, ...page } = query
    const span = week ? spanNamed('week', week) : month ? spanNamed('month', month) : undefined
    const list = span ? await listSpan(deps, span, page) : await listDay(deps, date, page)
    if (!list) throw new PaperboyError('PAPER_NOT_FOUND', 'There are no papers in this time.')
    const { kind, key, from, to } = list.span
    const { open, closesAt, total, papers, nextAfter } = list
    return reply.headers(PUBLIC).send({
      kind,
      name: key,
      from,
      to,
      open,
      closesAt: closesAt.toISOString(),
      total,
      papers: papers.map(withPage),
      next: nextAfter,
    })
  })

  app.get(
    '/v1/papers/:id',
    { schema: { params: z.object({ id: z.string() }), response: { 200: PaperWhole } } },
    async ({ params }, reply) => {
      const paper = await readPaper(services, await numberOf(params.id))
      if (!paper) throw paperNotFound()
      return reply.headers(PUBLIC).send({
        ...withPage(paper),
        publishedAt: paper.publishedAt?.toISOString(),
        withdrawnAt: paper.withdrawnAt?.toISOString(),
        history: paper.history.map(({ at, votes }) => ({ at: at.toISOString(), votes })),
        similar: (await similarPapers(services, paper.id)).map(withPage),
      })
    },
  )

  app.get('/v1/search', { schema: searched }, async ({ query: { code, ...query } }, reply) => {
    const found = await searchPapers(services, { ...query, hasCode: code })
    return reply.headers(PUBLIC).send({ ...found, papers: found.papers.map(withPage) })
  })

  app.get('/v1/topics', { schema: { response: { 200: Topics } } }, async (_request, reply) =>
    reply.headers(PUBLIC).send({ topics: await allTopics() }),
  )

  const readTrends = cachedTrends(services)
  app.get('/v1/trends', { schema: trended }, async ({ query }, reply) => {
    const trends = await readTrends(query.week === undefined ? undefined : spanNamed('week', query.week))
    if (!trends) throw new PaperboyError('PAPER_NOT_FOUND', 'There are no papers in this week.')
    const { week, risers, previous: _previous, next: _next, ...facts } = trends
    const { key, from, to } = week
    return reply.headers(PUBLIC).send({
      week: key,
      from,
      to,
      ...facts,
      risers: risers.map(({ paper, votes, readings }) => ({ ...withPage(paper), votes, readings })),
    })
  })

  // A reader's own votes, with the reader cookie. Another site's form cannot send PUT or DELETE.
  app.get('/v1/votes', { schema: ownVotes }, async (request) => {
    const { before, limit: most } = request.query
    const page = { before, ...(most ? { limit: most } : {}) }
    const { papers, next } = await readOwnVotes(services, readerOf(request), page)
    return {
      papers: papers.map(({ at, ...paper }) => ({ ...withPage(paper as ListedRow), castAt: at.toISOString() })),
      next: next?.toISOString(),
    }
  })

  app.put('/v1/votes/:id', { schema: oneVote }, async (request, reply) => {
    await castVote(
      services,
      { subscriberId: readerOf(request), paperId: await numberOf(request.params.id) },
      request.ip,
    )
    return reply.code(204).send(null)
  })
  app.delete('/v1/votes/:id', { schema: oneVote }, async (request, reply) => {
    await undoVote(services, { subscriberId: readerOf(request), paperId: await numberOf(request.params.id) })
    return reply.code(204).send(null)
  })
}

function readerOf({ reader }: { reader?: number | undefined }): number {
  if (reader !== undefined) return reader
  throw new PaperboyError(
    'NOT_A_READER',
    'This browser is not known as a reader’s. Open a link to vote from an email first.',
  )
}
