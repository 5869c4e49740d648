import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { describeEdition, findEdition } from '../../edition/draft/control.ts'
import { CURATOR_ACTIONS, curate } from '../../edition/draft/curate.ts'
import { setEditorNote } from '../../edition/draft/editor-note.ts'
import { withAudit } from '../../operate/audit.ts'
import { editionKind, editionState } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'
import { ACTIONS, type Action } from '../admin/edition-actions.ts'
import { editionKey } from './fields.ts'
import { keyActor } from './key-actor.ts'

const kind = z.enum(editionKind.enumValues)
const state = z.enum(editionState.enumValues)
const params = z.object(editionKey)
const changing = ['editions'] as const

const actions = Object.keys(ACTIONS) as [Action, ...Action[]]
type CuratorAction = keyof typeof CURATOR_ACTIONS
const curatorActions = Object.keys(CURATOR_ACTIONS) as [CuratorAction, ...CuratorAction[]]

/** What a curator does to an edition, for programs: the same actions as on its admin page. */
export const editionChangesApiRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  app.post(
    '/v1/editions/:kind/:date/:action',
    {
      config: { scopes: changing, errors: [404, 409] },
      schema: {
        summary: 'Assemble, hold, resume, release, pause or cancel an edition',
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

  app.put(
    '/v1/editions/:kind/:date/note',
    {
      config: { scopes: changing, errors: [404, 409] },
      schema: {
        summary: 'Set the note to the readers of a draft, in Markdown. An empty one removes it',
        params,
        body: z.strictObject({ note: z.string().max(5000) }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      const { params: key, body } = request
      const action = body.note.trim() === '' ? 'removed the note of' : 'set the note of'
      await withAudit(services, { actor: keyActor(request), action, target: describeEdition(key) }, (tx) =>
        setEditorNote({ db: tx }, key, body.note),
      )
      return reply.code(204).send(null)
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
        body: z.strictObject({ note: z.string().max(500).optional() }).optional(),
        response: { 200: Curated },
      },
    },
    async (request) => {
      const { paper, action } = request.params
      const entry = { actor: keyActor(request), action: CURATOR_ACTIONS[action].auditName, target: `paper ${paper}` }
      return withAudit(services, entry, (tx) => curate({ ...services, db: tx }, paper, action, request.body?.note))
    },
  )
}
