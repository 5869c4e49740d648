import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { isDay } from '../../calendar/days.ts'
import { preview } from '../../delivery/preview/preview.ts'
import { describeEdition } from '../../edition/draft/control.ts'
import { CURATOR_ACTIONS, curate } from '../../edition/draft/curate.ts'
import { setEditorNote } from '../../edition/draft/editor-note.ts'
import { PaperboyError } from '../../lib/errors.ts'
import { LOCALES } from '../../messages/catalogue.ts'
import { withAudit } from '../../operate/audit.ts'
import type { Services } from '../../runtime/services.ts'
import { mailDocumentHeaders, securityHeaders } from '../kit/security.ts'
import { ACTIONS, isAction } from './edition-actions.ts'
import { editionHref } from './edition-labels.ts'
import { anchorOf, editionView, nameOf } from './edition-view.ts'
import { actor } from './guard.ts'

const params = z.object({ kind: z.enum(['daily', 'weekly']), date: z.string().refine(isDay) })

/** One edition: its papers to pick and drop, its preview, and its progress. */
export const adminEditionRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  app.get('/admin/editions/:kind/:date', { schema: { params } }, async ({ params: key }, reply) => {
    try {
      return await reply.view('admin/edition', await editionView(services, key))
    } catch (error) {
      if (!(error instanceof PaperboyError && error.code === 'EDITION_NOT_FOUND')) throw error
      return reply.code(404).view('admin/no-edition', { name: nameOf(key), action: `${editionHref(key)}/assemble` })
    }
  })

  const acting = {
    params: params.extend({ action: z.string() }),
    body: z.object({ sure: z.literal('yes').optional().catch(undefined) }).catch({}),
  }
  app.post('/admin/editions/:kind/:date/:action', { schema: acting }, async (request, reply) => {
    const { action, ...key } = request.params
    if (!isAction(action)) return reply.callNotFound()
    const { does, done, sure } = ACTIONS[action]
    if (sure !== undefined && request.body.sure !== 'yes')
      return reply.code(422).view('admin/edition', { ...(await editionView(services, key)), unsure: action })
    const entry = { actor: actor(request), action: done, target: describeEdition(key) }
    await withAudit(services, entry, (db): Promise<unknown> => does({ ...services, db }, key))
    return reply.redirect(editionHref(key), 303)
  })

  const noting = { params, body: z.object({ note: z.string().max(5_000).catch('') }).catch({ note: '' }) }
  app.post('/admin/editions/:kind/:date/note', { schema: noting }, async (request, reply) => {
    const { params: key, body } = request
    const action = body.note.trim() === '' ? 'removed the note of' : 'set the note of'
    await withAudit(services, { actor: actor(request), action, target: describeEdition(key) }, (db) =>
      setEditorNote({ db }, key, body.note),
    )
    return reply.redirect(editionHref(key), 303)
  })

  const judging = {
    params: params.extend({ paper: z.string(), verdict: z.enum(['pick', 'drop', 'unpick']) }),
    body: z.object({ note: z.string().trim().max(500).optional().catch(undefined) }).catch({}),
  }
  app.post('/admin/editions/:kind/:date/papers/:paper/:verdict', { schema: judging }, async (request, reply) => {
    const { paper, verdict, ...key } = request.params
    const { note } = request.body
    await withAudit(
      services,
      { actor: actor(request), action: CURATOR_ACTIONS[verdict].auditName, target: `paper ${paper}` },
      (db) => curate({ ...services, db }, paper, verdict, note || undefined),
    )
    return reply.redirect(`${editionHref(key)}#${anchorOf(paper)}`, 303)
  })

  const previewing = {
    params,
    querystring: z.object({
      format: z.enum(['html', 'text']).catch('html'),
      locale: z.enum(LOCALES).catch(services.config.newsletter.languages[0]),
      size: z.coerce.number().int().min(1).max(120).catch(10),
    }),
  }
  app.get('/admin/editions/:kind/:date/preview', { schema: previewing }, async ({ params: key, query }, reply) => {
    const { format, locale, size } = query
    const made = await preview(services, key, undefined, { size, locale, format })
    if (format === 'text') return reply.type('text/plain; charset=utf-8').send(made.text)
    await reply.helmet({ ...securityHeaders(services.config), ...mailDocumentHeaders } as never)
    return reply.type('text/html; charset=utf-8').send(made.html)
  })
}
