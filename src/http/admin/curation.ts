import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { plainDay } from '../../calendar/words.ts'
import { addPaper, lookUpPaper } from '../../edition/draft/add-paper.ts'
import { describeEdition, findEdition } from '../../edition/draft/control.ts'
import { CURATOR_ACTIONS, type CuratorAction, curate } from '../../edition/draft/curate.ts'
import { messagesIn } from '../../messages/catalogue.ts'
import { editionHref } from '../../operate/attention/attention.ts'
import { isChanged, withAudit } from '../../operate/audit.ts'
import { openSource } from '../../papers/ingest/sources/configured.ts'
import { arxivId } from '../../papers/paper-id.ts'
import { paperPath } from '../../papers/paper-path.ts'
import { authorLine } from '../../papers/readable.ts'
import { searchPapers } from '../../papers/search/search.ts'
import type { Services } from '../../runtime/services.ts'
import { OTHER_SERVER_MS } from '../kit/server-options.ts'
import { editionParams as params, seen } from './edition.ts'
import { anchorOf, nameOf } from './edition-labels.ts'
import { actor } from './guard.ts'

const FOUND = 10

const ACTIONS = Object.keys(CURATOR_ACTIONS) as [CuratorAction, ...CuratorAction[]]

/** A draft's papers: pick, drop, pin, note, add. */
export const curationRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  const judging = {
    params: params.extend({ paper: z.string(), verdict: z.enum(ACTIONS) }),
    body: z
      .object({
        note: z.string().trim().optional().catch(undefined),
        place: z.coerce.number().optional().catch(Number.NaN),
        seen,
      })
      .catch({}),
  }
  app.post('/admin/editions/:kind/:date/papers/:paper/:verdict', { schema: judging }, async (request, reply) => {
    const { paper, verdict, ...edition } = request.params
    const { note, place, seen } = request.body
    const entry = {
      actor: actor(request),
      action: CURATOR_ACTIONS[verdict].auditName,
      target: `paper ${paper} in ${describeEdition(edition)}`,
    }
    const words = verdict === 'note' ? (note ?? '') : note || undefined
    await withAudit(
      services,
      entry,
      (db) => curate({ ...services, db }, paper, verdict, words, { edition, place, seen }),
      isChanged,
    )
    return reply.redirect(`${editionHref(edition)}#${anchorOf(paper)}`, 303)
  })

  const adding = { params, body: z.object({ paper: z.string().trim().max(500).catch('') }).catch({ paper: '' }) }
  const looking = { schema: adding, config: { handlerTimeoutMs: OTHER_SERVER_MS } }
  app.post('/admin/editions/:kind/:date/papers', looking, async (request, reply) => {
    const { params: edition, body } = request
    const id = arxivId(body.paper)
    if (id === undefined) return reply.redirect(`${editionHref(edition)}/add?q=${encodeURIComponent(body.paper)}`, 303)
    await findEdition(services, edition)
    const found = await lookUpPaper(services, id, openSource(services, 'arxiv'))
    const entry = { actor: actor(request), action: 'added', target: `paper ${id} to ${describeEdition(edition)}` }
    await withAudit(services, entry, (db) => addPaper({ ...services, db }, edition, id, found), isChanged)
    return reply.redirect(`${editionHref(edition)}#${anchorOf(id)}`, 303)
  })

  const searching = { params, querystring: z.object({ q: z.string().trim().max(200).catch('') }) }
  app.get(
    '/admin/editions/:kind/:date/add',
    { schema: searching },
    async ({ params: edition, query: { q } }, reply) => {
      const { papers } = q === '' ? { papers: [] } : await searchPapers(services, { q, limit: FOUND }, { toCome: true })
      return reply.view('admin/add-paper', {
        name: nameOf(edition),
        href: editionHref(edition),
        q,
        papers: papers.map((paper) => ({
          title: paper.title,
          meta: `${authorLine(paper.authors, messagesIn('en'))} · ${plainDay(paper.listDay)}`,
          href: paperPath(paper),
          path: encodeURIComponent(paper.sourceId),
        })),
      })
    },
  )
}
