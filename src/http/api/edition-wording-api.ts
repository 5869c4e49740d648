import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { MAX_NOTE } from '../../edition/compose/editor-note.ts'
import { describeEdition } from '../../edition/draft/control.ts'
import { MAX_NOTICE, publishNotice } from '../../edition/draft/publish-notice.ts'
import { schedule, scheduleAuditName } from '../../edition/draft/schedule.ts'
import { MAX_WORDING, setWording, type Wording } from '../../edition/draft/wording.ts'
import { withAudit } from '../../operate/audit.ts'
import type { Services } from '../../runtime/services.ts'
import { editionKey, NO_CONTENT } from './fields.ts'
import { keyActor } from './key-actor.ts'

const params = z.object(editionKey)
const config = { scopes: ['editions'] as const, errors: [404, 409] as const }

/** A curator's words for an edition and the time of its release, for programs: as on the desk. */
export const editionWordingApiRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  const Given = z.strictObject({
    note: z.string().max(MAX_NOTE).nullable().optional().describe('to the readers, in Markdown, above the papers'),
    subject: z.string().max(MAX_WORDING.subject).nullable().optional().describe('for every reader and language'),
    sponsor: z
      .strictObject({
        name: z.string().max(MAX_WORDING.sponsorName),
        text: z.string().max(MAX_WORDING.sponsorText).describe('plain text'),
        url: z.string().max(MAX_WORDING.url),
      })
      .nullable()
      .optional()
      .describe('a paid block, marked as such'),
  })
  app.patch(
    '/v1/editions/:kind/:date/wording',
    {
      config,
      schema: {
        summary: 'Set the note, subject or sponsor of a draft. null removes one, a missing one stays',
        params,
        body: Given,
        response: NO_CONTENT,
      },
    },
    async (request, reply) => {
      const { params: key, body } = request
      const { note, ...others } = body
      // zod keeps absent fields absent, so they are not changed.
      const wording = { ...others, ...(note === undefined ? {} : { editorNote: note }) } as Wording
      const entry = { actor: keyActor(request), action: 'set the words of', target: describeEdition(key) }
      await withAudit(services, entry, (db) => setWording({ db }, key, wording))
      return reply.code(204).send(null)
    },
  )

  app.put(
    '/v1/editions/:kind/:date/schedule',
    {
      config,
      schema: {
        summary: 'Set when a draft is released. null: as usual, an hour after the close',
        params,
        body: z.strictObject({ at: z.iso.datetime({ offset: true }).nullable() }),
        response: NO_CONTENT,
      },
    },
    async (request, reply) => {
      const { params: key, body } = request
      const at = body.at === null ? null : new Date(body.at)
      await withAudit(
        services,
        { actor: keyActor(request), action: scheduleAuditName(at), target: describeEdition(key) },
        (db) => schedule({ ...services, db }, key, at),
      )
      return reply.code(204).send(null)
    },
  )

  app.post(
    '/v1/editions/:kind/:date/corrections',
    {
      config,
      schema: {
        summary: 'Publish a correction of a released edition: on its page at once, and in the next edition',
        params,
        body: z.strictObject({ words: z.string().max(MAX_NOTICE) }),
        response: NO_CONTENT,
      },
    },
    async (request, reply) => {
      const { params: key, body } = request
      const entry = { actor: keyActor(request), action: 'published a correction of', target: describeEdition(key) }
      await withAudit(services, entry, (db) => publishNotice({ ...services, db }, key, body.words))
      return reply.code(204).send(null)
    },
  )
}
