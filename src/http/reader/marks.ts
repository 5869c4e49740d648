import type { FastifyReply } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { PaperboyError } from '../../lib/errors.ts'
import { mintToken } from '../../mail/tokens.ts'
import type { PaperKey } from '../../papers/paper-path.ts'
import { isMarked, type MarkKind, markPaper, unmarkPaper } from '../../papers/votes/marks.ts'
import { checkVoteLink } from '../../papers/votes/vote-link.ts'
import type { Services } from '../../runtime/services.ts'
import { follow, unfollow } from '../../subscription/follow.ts'
import { readPreferences } from '../../subscription/preferences.ts'
import { isFromOwnSite } from '../kit/own-site.ts'
import { ownPath } from '../kit/params.ts'
import { disallowIndexing } from '../kit/security.ts'
import { aboutPaper, findNamed, type Judgement, judgeLinks, judgePath, readNamed } from './judged-paper.ts'
import { setOwnLanguage } from './own-language.ts'
import { setReaderCookie } from './reader.ts'
import { refuseCrossSite } from './vote.ts'

/** Sets, removes and reads one kind of judgement. */
interface Mark {
  set(subscriberId: number, paper: PaperKey): Promise<unknown>
  remove(subscriberId: number, paper: PaperKey): Promise<unknown>
  isSet(subscriberId: number, paper: PaperKey): Promise<boolean>
}

/** A pressed button: on this site with `back`, the path to return to, or behind an email's link with its token. */
interface Pressed {
  name: string
  reader: number
  token?: string
  back?: string | undefined
}

/** What a visitor who is not recognised reads. */
const howOf = (kind: Judgement, reply: FastifyReply) => (kind === 'save' ? reply.locals!.t.saved : undefined)

/**
 * Saving a paper, "not interested", and "more like this". They work as votes do: an email's link leads to a page with one button, and
 * GET changes nothing, because email scanners follow every link. On this site, the reader cookie stands in for the link.
 */
export const markRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  disallowIndexing(app)
  const marked = (kind: MarkKind): Mark => ({
    set: (subscriberId, paper) => markPaper(services, { subscriberId, paperId: paper.id, kind }),
    remove: (subscriberId, paper) => unmarkPaper(services, { subscriberId, paperId: paper.id, kind }),
    isSet: (subscriberId, paper) => isMarked(services, { subscriberId, paperId: paper.id, kind }),
  })
  const preferences = (subscriberId: number) => mintToken(services.keys, 'preferences', subscriberId, services.now())
  const moreLike: Mark = {
    set: (subscriberId, paper) => follow(services, preferences(subscriberId), { likePapers: paper.sourceId }),
    remove: (subscriberId, paper) => unfollow(services, preferences(subscriberId), { likePapers: paper.sourceId }),
    isSet: async (subscriberId, paper) =>
      (await readPreferences(services, preferences(subscriberId))).likePapers.includes(paper.sourceId),
  }
  const kinds: [Exclude<Judgement, 'vote'>, Mark][] = [
    ['save', marked('saved')],
    ['not-interested', marked('not interested')],
    ['more-like', moreLike],
  ]

  for (const [kind, mark] of kinds) {
    const show = async (name: string, reader: number, reply: FastifyReply, token?: string) => {
      if (token !== undefined) await setOwnLanguage(services, reply, reader)
      const paper = await readNamed(services, name)
      return reply.view('mark', {
        kind,
        paper: aboutPaper(paper),
        action: judgePath(paper, kind, token),
        marked: await mark.isSet(reader, paper),
        judgeLinks: judgeLinks(paper, kind, token),
      })
    }
    const change = async (pressed: Pressed, how: 'set' | 'remove', reply: FastifyReply) => {
      const { name, reader, token, back } = pressed
      const paper = await findNamed(services, name)
      try {
        await mark[how](reader, paper)
      } catch (error) {
        if (!(error instanceof PaperboyError && error.code === 'NOT_A_READER')) throw error
        if (token !== undefined) await setOwnLanguage(services, reply, reader)
        const about = aboutPaper(await readNamed(services, name))
        return reply.code(403).view('how-to-vote', { paper: about, refused: true, how: howOf(kind, reply) })
      }
      return setReaderCookie(services, reply, reader).redirect(back ?? judgePath(paper, kind, token), 303)
    }

    const onSite = { params: z.object({ id: z.string() }) }
    const pressed = { ...onSite, body: z.object({ back: ownPath }).catch({ back: undefined }) }
    app.get(`/papers/:id/${kind}`, { schema: onSite }, async (request, reply) => {
      const { id } = request.params
      if (request.reader !== undefined) return show(id, request.reader, reply)
      return reply.view('how-to-vote', { paper: aboutPaper(await readNamed(services, id)), how: howOf(kind, reply) })
    })
    for (const [path, how] of [
      [`/papers/:id/${kind}`, 'set'],
      [`/papers/:id/${kind}/undo`, 'remove'],
    ] as const) {
      app.post(path, { schema: pressed }, async (request, reply) => {
        const name = request.params.id
        if (request.reader === undefined) return reply.redirect(judgePath(await findNamed(services, name), kind), 303)
        if (!isFromOwnSite(request, services.config.PUBLIC_URL)) return refuseCrossSite(reply)
        return change({ name, reader: request.reader, back: request.body.back }, how, reply)
      })
    }

    const linked = { params: z.object({ id: z.string(), token: z.string() }) }
    app.get(`/papers/:id/${kind}/:token`, { schema: linked }, async ({ params: { id, token } }, reply) =>
      show(id, checkVoteLink(services, token), reply, token),
    )
    app.post(`/papers/:id/${kind}/:token`, { schema: linked }, async ({ params: { id, token } }, reply) =>
      change({ name: id, reader: checkVoteLink(services, token), token }, 'set', reply),
    )
    app.post(`/papers/:id/${kind}/:token/undo`, { schema: linked }, async ({ params: { id, token } }, reply) =>
      change({ name: id, reader: checkVoteLink(services, token), token }, 'remove', reply),
    )
  }
}
