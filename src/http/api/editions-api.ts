import type { FastifyReply } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { readEditionList } from '../../edition/compose/edition-list.ts'
import { listEditionPage } from '../../edition/compose/list-editions.ts'
import { findEdition } from '../../edition/draft/control.ts'
import { readCuratorView } from '../../edition/draft/curator-view.ts'
import { PaperboyError } from '../../lib/errors.ts'
import { readBeforeClose } from '../../papers/lists/list-day.ts'
import { readListed } from '../../papers/lists/listed-rows.ts'
import { editionKind, editionState, type editions, paperSection } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'
import { saveTransfer } from '../kit/save-transfer.ts'
import { PaperFacts } from './api-papers.ts'
import { pageFields, readCursor, writeCursor } from './cursor.ts'
import { editionKey, moment, nullableMoment } from './fields.ts'
import { pageAdder } from './named-paper.ts'

const kind = z.enum(editionKind.enumValues)
const state = z.enum(editionState.enumValues)
const params = z.object(editionKey)

const asOf = nullableMoment.describe(
  'when its list was last read, if that was before the close: its ranking is not final',
)

const Listed = z.object({
  kind,
  date: z.string(),
  subject: z.string().nullable(),
  releasedAt: nullableMoment,
  asOf,
  papers: z.int(),
  state: state.optional().describe('with a key'),
  held: z.boolean().optional().describe('with a key: the draft is not released on schedule'),
  releaseAt: moment.optional().describe('with a key: when a draft is released'),
})

const Edition = z.object({
  kind,
  date: z.string(),
  subject: z.string().nullable(),
  releasedAt: nullableMoment,
  asOf,
  papers: z.array(
    PaperFacts.extend({
      rank: z.int(),
      section: z.enum(paperSection.enumValues),
      note: z.string().optional().describe('the curator’s words'),
      verdict: z.enum(['picked', 'dropped']).optional().describe('of a draft: what the curator decided'),
    }),
  ),
  control: z
    .object({
      state,
      held: z.boolean(),
      closesAt: moment,
      releaseAt: moment,
      pausedWhy: z.string().nullable(),
      editorNote: z.string().nullable(),
      dropped: z.array(z.object({ sourceId: z.string(), title: z.string() })),
    })
    .optional()
    .describe('with a key'),
})

const reading = ['read', 'editions'] as const

/** Editions: released ones for everyone, drafts and every change with a key. */
export const editionsApiRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  await saveTransfer(app)
  const { db, now, config } = services

  app.get(
    '/v1/editions',
    {
      config: { open: true, moreWith: reading },
      schema: {
        summary: 'Released editions, newest first; with a key, drafts and cancelled ones too',
        querystring: z.object({ kind: kind.optional(), ...pageFields }),
        response: { 200: z.object({ editions: z.array(Listed), next: z.string().optional() }) },
      },
    },
    async ({ query: { cursor, limit, ...filter }, apiKey }, reply) => {
      const [date, last] = readCursor('editions', z.tuple([editionKey.date, kind]), cursor) ?? []
      const after = date && last ? { date, kind: last } : undefined
      const rows = await listEditionPage(services, { ...filter, unpublished: apiKey !== undefined, after, limit })
      const editions = rows.map(({ papers, state, held, releaseAt, ...row }) => ({
        ...factsOf(row),
        papers,
        ...(apiKey ? { state, held, releaseAt: releaseAt.toISOString() } : {}),
      }))
      const end = rows.length === limit ? rows.at(-1) : undefined
      allowCaching(reply, apiKey !== undefined)
      return { editions, next: end && writeCursor('editions', [end.date, end.kind]) }
    },
  )

  app.get(
    '/v1/editions/:kind/:date',
    {
      config: { open: true, moreWith: reading, errors: [404] },
      schema: {
        summary: 'One edition with its papers, as its emails have it; with a key, drafts too',
        params,
        response: { 200: Edition },
      },
    },
    async ({ params: key, apiKey }, reply) => {
      allowCaching(reply, apiKey !== undefined)
      return apiKey ? readForKey(key) : readReleased(key)
    },
  )

  const withPage = pageAdder(config)

  async function readReleased(key: z.output<typeof params>) {
    const edition = await readEditionList(services, key.date, key.kind)
    if (!edition) throw new PaperboyError('EDITION_NOT_FOUND', 'There is no edition of this day in the archive.')
    return { ...factsOf(await findEdition(services, key)), papers: edition.papers.map(withPage) }
  }

  async function readForKey(key: z.output<typeof params>) {
    const { edition, papers, dropped } = await readCuratorView(services, key)
    const { state, held, closesAt, releaseAt, pausedWhy, editorNote } = edition
    const listed = new Map(
      (
        await readListed(
          db,
          papers.map(({ id }) => id),
          now(),
        )
      ).map((row) => [row.id, row]),
    )
    return {
      ...factsOf(edition),
      papers: papers.flatMap(({ id, section, note, verdict, title, votes, comments, reason }, index) => {
        const paper = listed.get(id)
        if (!paper) return []
        const counts = { votes: votes ?? undefined, comments: comments ?? undefined, reason: reason || undefined }
        const own = { title, section, rank: index + 1, note: note ?? undefined, verdict: verdict ?? undefined }
        return [{ ...withPage(paper), ...counts, ...own }]
      }),
      control: {
        ...{ state, held, pausedWhy, editorNote },
        closesAt: closesAt.toISOString(),
        releaseAt: releaseAt.toISOString(),
        dropped: dropped.map(({ sourceId, title }) => ({ sourceId, title })),
      },
    }
  }
}

type Facts = Pick<typeof editions.$inferSelect, 'kind' | 'date' | 'subject' | 'releasedAt' | 'listReadAt' | 'closesAt'>

const factsOf = ({ kind, date, subject, releasedAt, listReadAt, closesAt }: Facts) => ({
  ...{ kind, date, subject, releasedAt: releasedAt?.toISOString() ?? null },
  asOf: readBeforeClose(listReadAt, closesAt)?.toISOString() ?? null,
})

/** What a key reads stays out of shared caches. */
function allowCaching(reply: FastifyReply, hasKey: boolean): void {
  reply.header('vary', 'authorization')
  if (!hasKey) reply.header('cache-control', 'public, max-age=60')
}
