import type { FastifyReply, FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { spanAround } from '../../calendar/spans.ts'
import { plainDay } from '../../calendar/words.ts'
import type { ListedRow } from '../../papers/lists/listed-rows.ts'
import { type Contributor, isPlace, papersBy } from '../../papers/lists/papers-by.ts'
import { readJudged } from '../../papers/votes/judged.ts'
import type { Services } from '../../runtime/services.ts'
import { isFollowing } from '../../subscription/follow.ts'
import { feedLinks } from '../feeds/feed-links.ts'
import { setCacheControl } from '../kit/cache-control.ts'
import { spanHref } from '../kit/span-href.ts'
import { paperItem, type Shown } from './paper-item.ts'
import { authorHref, followButton, organizationHref } from './people-paths.ts'

/** The papers of one author or one organisation, newest first. */
export const peopleRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  async function show(request: FastifyRequest, reply: FastifyReply, who: Contributor, typed: string | undefined) {
    const { t } = reply.locals!
    const after = isPlace(typed) ? typed : undefined
    const [name, path, kind] =
      'author' in who
        ? ([who.author, authorHref(who.author), 'author'] as const)
        : ([who.organisation, organizationHref(who.organisation), 'organisation'] as const)
    const pageHref = (place: string) => `${path}?after=${encodeURIComponent(place)}`
    const here = after ? pageHref(after) : path
    const { total, papers, next } = await papersBy(services, who, { after })
    if (papers.length === 0) {
      return reply.code(404).view('message', { heading: t.people.none, text: t.people.noneText, search: name })
    }
    const following = await isFollowing(services.db, request.reader, kind, name)
    const judged = await readJudged(services.db, request.reader, papers)
    return setCacheControl(request.reader, reply, 300).view('people', {
      name,
      kind: t.people[kind],
      about: t.people.about(name),
      count: t.common.papers(total),
      canonical: here,
      follow: followButton(kind, name, { following, back: here }),
      feeds: feedLinks({ t, newsletter: services.config.newsletter }, name, kind),
      feedName: t.feeds.nameBy(name),
      papers: papers.map((paper) => datedItem(paper, { t, ...judged, path: here })),
      paging: (after || next) && {
        label: t.list.pages,
        start: after && { href: path, label: t.topics.fromTheTop },
        next: next && { href: pageHref(next), label: t.topics.more },
      },
    })
  }

  const schema = {
    params: z.object({ name: z.string().min(1).max(300) }),
    querystring: z.object({ after: z.string().optional().catch(undefined) }),
  }
  app.get('/authors/:name', { schema }, (request, reply) =>
    show(request, reply, { author: request.params.name }, request.query.after),
  )
  app.get('/organisations/:name', { schema }, (request, reply) =>
    show(request, reply, { organisation: request.params.name }, request.query.after),
  )
}

/** A paper with the day of its list. */
const datedItem = (paper: ListedRow, page: Shown) => ({
  ...paperItem(paper, page),
  when: { href: spanHref(spanAround('day', paper.listDay)), label: plainDay(paper.listDay, page.t.intl) },
})
