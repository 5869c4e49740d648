import { between } from 'drizzle-orm'
import type { FastifyReply } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { dayField } from '../../calendar/day-field.ts'
import { daysLater } from '../../calendar/days.ts'
import { describeEdition, type EditionKey } from '../../edition/draft/control.ts'
import { publishNotice } from '../../edition/draft/publish-notice.ts'
import { schedule, scheduleAuditName } from '../../edition/draft/schedule.ts'
import { PaperboyError } from '../../lib/errors.ts'
import { editionHref } from '../../operate/attention/attention.ts'
import { withAudit } from '../../operate/audit.ts'
import { papers } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'
import { ACTIONS, isAction } from './edition-actions.ts'
import { nameOf } from './edition-labels.ts'
import { editionPage } from './edition-page.ts'
import { readRail } from './edition-rail.ts'
import { actor } from './guard.ts'

export const editionParams = z.object({ kind: z.enum(['daily', 'weekly']), date: dayField })

/** A form's fingerprint of what it showed; without one, the form is not checked. */
export const seen = z.string().optional().catch(undefined)

/**
 * Shows an edition, or offers to assemble it.
 * @param options.more replaces what the page has, such as a form with a problem
 * @param options.missing status without such an edition
 */
export async function showEdition(
  services: Services,
  reply: FastifyReply,
  key: EditionKey,
  { more = {}, missing = 404 }: { more?: object; missing?: number } = {},
) {
  try {
    const [page, rail] = await Promise.all([editionPage(services, key), readRail(services, key)])
    return await reply.view('admin/edition', { ...page, rail, ...more })
  } catch (error) {
    if (!(error instanceof PaperboyError && error.code === 'EDITION_NOT_FOUND')) throw error
    const lastDay = key.kind === 'weekly' ? daysLater(key.date, 6) : key.date
    const [rail, listed] = await Promise.all([
      readRail(services, key),
      services.db.$count(papers, between(papers.listDay, key.date, lastDay)),
    ])
    return reply.code(missing).view('admin/no-edition', {
      name: nameOf(key),
      action: `${editionHref(key)}/assemble`,
      hasPapers: listed > 0,
      rail,
    })
  }
}

/** One edition: its state and release. Its papers and words are in curation.ts. */
export const adminEditionRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  const params = editionParams
  app.get('/admin/editions/:kind/:date', { schema: { params } }, async ({ params: key }, reply) =>
    showEdition(services, reply, key),
  )

  const acting = {
    params: params.extend({ action: z.string() }),
    body: z.object({ sure: z.literal('yes').optional().catch(undefined), seen }).catch({}),
  }
  app.post('/admin/editions/:kind/:date/:action', { schema: acting }, async (request, reply) => {
    const { action, ...key } = request.params
    if (!isAction(action)) return reply.callNotFound()
    const { does, done, sure } = ACTIONS[action]
    if (sure !== undefined && request.body.sure !== 'yes')
      return showEdition(services, reply.code(422), key, { more: { unsure: action } })
    const entry = { actor: actor(request), action: done, target: describeEdition(key) }
    await withAudit(services, entry, (db): Promise<unknown> => does({ ...services, db }, key, request.body.seen))
    return reply.redirect(editionHref(key), 303)
  })

  const scheduling = { params, body: z.object({ at: z.string().catch(''), seen }).catch({ at: '' }) }
  app.post('/admin/editions/:kind/:date/schedule', { schema: scheduling }, async (request, reply) => {
    const { params: key, body } = request
    try {
      const at = readRelease(body.at)
      await withAudit(
        services,
        { actor: actor(request), action: scheduleAuditName(at), target: describeEdition(key) },
        (db) => schedule({ ...services, db }, key, at, body.seen),
      )
    } catch (error) {
      if (!(error instanceof PaperboyError && error.code === 'BAD_EDITION')) throw error
      return showEdition(services, reply.code(422), key, {
        more: { badRelease: { typed: body.at, problem: error.message } },
      })
    }
    return reply.redirect(editionHref(key), 303)
  })

  const correcting = { params, body: z.object({ words: z.string().catch('') }).catch({ words: '' }) }
  app.post('/admin/editions/:kind/:date/correction', { schema: correcting }, async (request, reply) => {
    const { params: key, body } = request
    const entry = { actor: actor(request), action: 'published a correction of', target: describeEdition(key) }
    await withAudit(services, entry, (db) => publishNotice({ ...services, db }, key, body.words))
    return reply.redirect(`${editionHref(key)}#corrections`, 303)
  })
}

/** Reads when an edition is to be released; null for the usual time. @throws PaperboyError BAD_EDITION */
function readRelease(typed: string): Date | null {
  if (typed === '') return null
  const at = new Date(`${typed}Z`)
  if (!Number.isNaN(at.getTime())) return at
  throw new PaperboyError('BAD_EDITION', 'Give the release’s day and time, such as 2026-04-15T05:00.')
}
