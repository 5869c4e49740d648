import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { dayField } from '../../calendar/day-field.ts'
import { type Span, spanNamed } from '../../calendar/spans.ts'
import { PaperboyError } from '../../lib/errors.ts'
import { listDay, listSpan } from '../../papers/lists/list-day.ts'
import { readPaper } from '../../papers/lists/paper.ts'
import { searchPapers } from '../../papers/search/search.ts'
import { similarPapers } from '../../papers/search/similar.ts'
import { paperNotFound } from '../../papers/votes/cast.ts'
import type { Services } from '../../runtime/services.ts'
import { saveTransfer } from '../kit/save-transfer.ts'
import { cachedTopics } from '../pages/cached-topics.ts'
import { pageAdder, paperNamed } from './named-paper.ts'

export const limit = z.coerce.number().int().min(1).max(100).optional()
const day = dayField.optional()
export const named = (kind: Span['kind'], form: string) =>
  z
    .string()
    .refine((key) => spanNamed(kind, key) !== undefined, `is not in the calendar: write ${form}`)
    .optional()

export const PaperFacts = z.object({
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
export const Papers = z.array(PaperFacts)

const List = z.object({
  kind: z.enum(['day', 'week', 'month']),
  name: z.string(),
  from: z.string(),
  to: z.string(),
  open: z.boolean(),
  closesAt: z.string(),
  asOf: z
    .string()
    .optional()
    .describe(
      'of a day that has closed: when it was last read, if that was before its close, so that its ranking is not final',
    ),
  total: z.number(),
  papers: Papers,
  /** `after` of the next page */
  next: z.number().optional(),
})
const listed = {
  querystring: z
    .object({
      date: day,
      week: named('week', 'YYYY-Www'),
      month: named('month', 'YYYY-MM'),
      after: z.coerce.number().int().optional(),
      limit,
    })
    .superRefine(({ date, week, month }, { addIssue }) => {
      const [first, second] = Object.entries({ date, week, month }).flatMap(([name, value]) => (value ? [name] : []))
      if (second) addIssue({ code: 'custom', path: [second], message: `cannot be used with ${first}` })
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

const PUBLIC = { 'cache-control': 'public, max-age=60' }

/** Lists, papers, search and topics as JSON. Text is plain, so clients must escape it. */
export const apiPaperRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  await saveTransfer(app)
  const open = true
  const allTopics = cachedTopics(services)
  const deps = { ...services, closeHourUtc: services.config.EDITION_CLOSE_HOUR_UTC }
  const withPage = pageAdder(services.config)

  app.get(
    '/v1/papers',
    { config: { open, errors: [404] }, schema: { summary: 'Papers of a day, a week or a month', ...listed } },
    async ({ query }, reply) => {
      const { date, week, month, ...page } = query
      const span = week ? spanNamed('week', week) : month ? spanNamed('month', month) : undefined
      const list = span ? await listSpan(deps, span, page) : await listDay(deps, date, page)
      if (!list) throw new PaperboyError('PAPER_NOT_FOUND', 'There are no papers in this time.')
      if (page.after !== undefined && list.first === 1)
        throw new PaperboyError(
          'BAD_CURSOR',
          'The paper in `after` is not in this list any more. Start again without it.',
        )
      const { kind, key, from, to } = list.span
      const { open, closesAt, asOf, total, papers, nextAfter } = list
      return reply.headers(PUBLIC).send({
        kind,
        name: key,
        from,
        to,
        open,
        closesAt: closesAt.toISOString(),
        asOf: asOf?.toISOString(),
        total,
        papers: papers.map(withPage),
        next: nextAfter,
      })
    },
  )

  app.get(
    '/v1/papers/:id',
    {
      config: { open, errors: [404] },
      schema: { summary: 'One paper', params: z.object({ id: z.string() }), response: { 200: PaperWhole } },
    },
    async ({ params }, reply) => {
      const paper = await readPaper(services, await paperNamed(services, params.id))
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

  app.get(
    '/v1/search',
    { config: { open }, schema: { summary: 'Search', ...searched } },
    async ({ query: { code, ...query } }, reply) => {
      const found = await searchPapers(services, { ...query, hasCode: code })
      return reply.headers(PUBLIC).send({ ...found, papers: found.papers.map(withPage) })
    },
  )

  app.get(
    '/v1/topics',
    { config: { open }, schema: { summary: 'Topics', response: { 200: Topics } } },
    async (_request, reply) => reply.headers(PUBLIC).send({ topics: await allTopics() }),
  )
}
