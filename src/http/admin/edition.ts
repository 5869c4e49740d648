import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { isDay } from '../../calendar/days.ts'
import { fullDay, plainDay, plainMoment } from '../../calendar/words.ts'
import { progressInWords } from '../../delivery/ledger/progress.ts'
import { detailsInWords } from '../../delivery/ledger/sending-details.ts'
import { planInWords } from '../../delivery/plan/send-plan.ts'
import { preview } from '../../delivery/preview/preview.ts'
import { assemble } from '../../edition/draft/assemble.ts'
import { cancel, describeEdition, type EditionKey, hold, pause, resume } from '../../edition/draft/control.ts'
import { CURATOR_ACTIONS, curate } from '../../edition/draft/curate.ts'
import { type CuratorPaper, readCuratorView } from '../../edition/draft/curator-view.ts'
import { describeRelease } from '../../edition/draft/describe-release.ts'
import { release } from '../../edition/draft/release.ts'
import { PaperboyError } from '../../lib/errors.ts'
import { LOCALES, messagesIn } from '../../messages/catalogue.ts'
import { byHand } from '../../operate/audit.ts'
import { editionStatus } from '../../operate/status.ts'
import { paperPath } from '../../papers/paper-path.ts'
import { authorLine } from '../../papers/readable.ts'
import type { Services } from '../../runtime/services.ts'
import { mailDocumentHeaders, securityHeaders } from '../kit/security.ts'
import { actor } from './guard.ts'
import { editionHref, stateInWords } from './words.ts'

const params = z.object({ kind: z.enum(['daily', 'weekly']), date: z.string().refine(isDay) })

/** Actions on an edition as a whole, by its state. `sure`: the action is final, so the curator ticks a box first. */
const ACTIONS = {
  assemble: { does: assembleDraft, done: 'assembled', label: 'Assemble again', in: ['draft'], sure: undefined },
  hold: { does: hold, done: 'held', label: 'Hold', in: ['draft'], sure: undefined },
  resume: { does: resume, done: 'resumed', label: 'Resume', in: ['draft', 'paused'], sure: undefined },
  release: {
    does: releaseDraft,
    done: 'released',
    label: 'Release now',
    in: ['draft'],
    sure: 'Freeze it as it is, and email it to each reader at their hour.',
  },
  pause: { does: pause, done: 'paused', label: 'Pause', in: ['released', 'sending'], sure: undefined },
  cancel: {
    does: cancel,
    done: 'cancelled',
    label: 'Cancel',
    in: ['draft', 'released', 'sending', 'paused'],
    sure: 'End it for good. Readers who don’t have it yet won’t get it.',
  },
} as const
type Action = keyof typeof ACTIONS
const isAction = (name: string): name is Action => Object.hasOwn(ACTIONS, name)

/** One edition: its papers to pick and drop, what it will look like, and how its sending goes. */
export const editionDeskRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  const { now } = services

  app.get('/admin/editions/:kind/:date', { schema: { params } }, async ({ params: key }, reply) => {
    try {
      return await reply.view('admin/edition', await deskOf(services, key))
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
      return reply.code(422).view('admin/edition', { ...(await deskOf(services, key)), unsure: action })
    const deed = { who: actor(request), what: done, about: describeEdition(key) }
    await byHand(services, deed, (db): Promise<unknown> => does({ ...services, db }, key))
    return reply.redirect(editionHref(key), 303)
  })

  const judging = {
    params: params.extend({ paper: z.string(), verdict: z.enum(['pick', 'drop', 'unpick']) }),
    body: z.object({ note: z.string().trim().max(500).optional().catch(undefined) }).catch({}),
  }
  app.post('/admin/editions/:kind/:date/papers/:paper/:verdict', { schema: judging }, async (request, reply) => {
    const { paper, verdict, ...key } = request.params
    const { note } = request.body
    await byHand(
      services,
      { who: actor(request), what: CURATOR_ACTIONS[verdict].auditName, about: `paper ${paper}` },
      (db) => curate({ ...services, db }, paper, verdict, note || undefined),
    )
    return reply.redirect(`${editionHref(key)}#${anchorOf(paper)}`, 303)
  })

  const previewing = {
    params,
    querystring: z.object({
      format: z.enum(['html', 'text']).catch('html'),
      locale: z.enum(LOCALES).catch('en'),
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

  async function deskOf(deps: Services, key: EditionKey) {
    const { edition, papers, dropped } = await readCuratorView(deps, key)
    const { state, held, byHand, closesAt, releasedAt, listReadAt, subject, pausedWhy } = edition
    const status = await editionStatus(deps, edition)
    const { total, open, sending } = status
    return {
      name: nameOf(key),
      href: editionHref(key),
      state,
      said: stateInWords(edition),
      facts: [
        ['List closes', plainMoment(closesAt)],
        ['List read', listReadAt && plainMoment(listReadAt)],
        releasedAt
          ? ['Released', `${plainMoment(releasedAt)}${byHand ? ', by hand' : ''}`]
          : ['Is released', describeRelease(edition, now())],
        ['Subject', subject],
        ['Paused automatically', pausedWhy],
        ['Deliveries', total > 0 ? `${total.toLocaleString('en')}: ${progressInWords(status)}` : undefined],
      ].filter(([, value]) => value),
      share: total === 0 ? undefined : Math.floor(((total - open) / total) * 100),
      sending: sending ? [planInWords(sending.plan, now()), ...detailsInWords(sending)] : [],
      actions: (Object.keys(ACTIONS) as Action[])
        .map((action) => ({ action, ...ACTIONS[action] }))
        .filter((each) => (each.in as readonly string[]).includes(state))
        .filter(({ action }) => state !== 'draft' || (held ? action !== 'hold' : action !== 'resume'))
        .map(({ action, label, sure }) => ({ action, label, sure })),
      papers: papers.map((paper, index) => ({ ...row(paper), number: index + 1 })),
      dropped: dropped.map(row),
      locales: LOCALES,
    }
  }
}

/** Throws when the edition is already out: a silent no-op would enter the audit log as done. */
async function assembleDraft(deps: Services, key: EditionKey): Promise<void> {
  const { changed, state } = await assemble(deps, key)
  if (!changed)
    throw new PaperboyError(
      'EDITION_STATE',
      `This edition is ${state}, so its papers can no longer change. Nothing was changed.`,
    )
}

async function releaseDraft(deps: Services, key: EditionKey): Promise<void> {
  if (!(await release(deps, key)))
    throw new PaperboyError('EDITION_STATE', 'This edition is already released. Nothing was changed.')
}

const row = (paper: CuratorPaper) => ({
  ...paper,
  authors: authorLine(paper.authors, messagesIn('en')),
  day: plainDay(paper.listDay),
  href: paperPath(paper),
  anchor: anchorOf(paper.sourceId),
  path: encodeURIComponent(paper.sourceId),
})

const anchorOf = (sourceId: string): string => `p-${sourceId.replaceAll(/[^\w-]/g, '-')}`

const nameOf = ({ kind, date }: EditionKey): string => (kind === 'weekly' ? `Week of ${plainDay(date)}` : fullDay(date))
