import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { addPaper, lookUpPaper } from '../../edition/draft/add-paper.ts'
import { describeEdition, findEdition } from '../../edition/draft/control.ts'
import { CURATOR_ACTIONS, type CuratorAction, curate } from '../../edition/draft/curate.ts'
import { PaperboyError } from '../../lib/errors.ts'
import { isChanged, withAudit } from '../../operate/audit.ts'
import { openSource } from '../../papers/ingest/sources/configured.ts'
import { arxivId } from '../../papers/paper-id.ts'
import { editionKind, editionState } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'
import { ACTIONS, type Action } from '../admin/edition-actions.ts'
import { OTHER_SERVER_MS } from '../kit/server-options.ts'
import { editionKey } from './fields.ts'
import { keyActor } from './key-actor.ts'

const kind = z.enum(editionKind.enumValues)
const state = z.enum(editionState.enumValues)
const params = z.object(editionKey)
const changing = ['editions'] as const

const actions = Object.keys(ACTIONS) as [Action, ...Action[]]
const curatorActions = Object.keys(CURATOR_ACTIONS) as [CuratorAction, ...CuratorAction[]]

/** What a curator does to an edition, for programs: the same actions as on its admin page. */
export const editionChangesApiRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  app.post(
    '/v1/editions/:kind/:date/:action',
    {
      config: { scopes: changing, errors: [404, 409] },
      schema: {
        summary: 'Assemble, hold, resume, release, pause, recall or cancel an edition',
        params: params.extend({ action: z.enum(actions) }),
        response: { 200: z.object({ state, held: z.boolean() }) },
      },
    },
    async (request) => {
      const { action, ...key } = request.params
      const { does, done } = ACTIONS[action]
      const entry = { actor: keyActor(request), action: done, target: describeEdition(key) }
      await withAudit(services, entry, (tx): Promise<unknown> => does({ ...services, db: tx }, key))
      const { state, held } = await findEdition(services, key)
      return { state, held }
    },
  )

  const Curated = z.object({
    title: z.string(),
    listDay: z.string(),
    assembled: z.array(z.object({ kind, date: z.string() })),
  })
  app.post(
    '/v1/editions/:kind/:date/papers/:paper/:action',
    {
      config: { scopes: changing, errors: [404, 409] },
      schema: {
        summary: 'Decide on a paper of a draft, which is assembled again at once',
        params: params.extend({
          paper: z.string().max(200).describe('the id in its link'),
          action: z.enum(curatorActions),
        }),
        body: z
          .strictObject({
            note: z.string().max(500).optional(),
            place: z.int().min(1).max(120).optional().describe('to pin: the place from 1 on'),
          })
          .optional(),
        response: { 200: Curated },
      },
    },
    async (request) => {
      const { paper, action, ...edition } = request.params
      const { note, place } = request.body ?? {}
      const entry = {
        actor: keyActor(request),
        action: CURATOR_ACTIONS[action].auditName,
        target: `paper ${paper} in ${describeEdition(edition)}`,
      }
      return withAudit(
        services,
        entry,
        (tx) => curate({ ...services, db: tx }, paper, action, note, { edition, place }),
        isChanged,
      )
    },
  )

  app.post(
    '/v1/editions/:kind/:date/papers',
    {
      config: { scopes: changing, errors: [404, 409, 502], handlerTimeoutMs: OTHER_SERVER_MS },
      schema: {
        summary: 'Add any paper to a draft, as a pick. One that is not stored is looked up at arXiv',
        params,
        body: z.strictObject({ paper: z.string().max(200).describe('an arXiv id or link') }),
        response: { 200: Curated },
      },
    },
    async (request) => {
      const { params: edition, body } = request
      const id = arxivId(body.paper)
      if (id === undefined) throw new PaperboyError('BAD_PAPER', 'Give an arXiv id or link, such as 2604.08570.')
      await findEdition(services, edition)
      const found = await lookUpPaper(services, id, openSource(services, 'arxiv'))
      const entry = { actor: keyActor(request), action: 'added', target: `paper ${id} to ${describeEdition(edition)}` }
      return withAudit(services, entry, (tx) => addPaper({ ...services, db: tx }, edition, id, found), isChanged)
    },
  )
}
