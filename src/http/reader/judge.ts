import type { FastifyReply } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { PaperboyError } from '../../lib/errors.ts'
import { mintToken } from '../../mail/tokens.ts'
import { type PaperKey, paperPath } from '../../papers/paper-path.ts'
import { castVote, readVotedIds, undoVote } from '../../papers/votes/cast.ts'
import { isMarked, type MarkKind, markPaper, unmarkPaper } from '../../papers/votes/marks.ts'
import { checkVoteLink } from '../../papers/votes/vote-link.ts'
import type { Services } from '../../runtime/services.ts'
import { follow, unfollow } from '../../subscription/follow.ts'
import { BadPreference } from '../../subscription/preference-rules.ts'
import { readPreferences } from '../../subscription/preferences.ts'
import { isFromOwnSite, refuseCrossSite } from '../kit/own-site.ts'
import { ownPath } from '../kit/params.ts'
import { disallowIndexing } from '../kit/security.ts'
import { aboutPaper, findNamed, JUDGEMENTS, type Judgement, judgeLinks, judgePath, readNamed } from './judged-paper.ts'
import { setOwnLanguage } from './own-language.ts'
import { setReaderCookie } from './reader.ts'

/** Sets, removes and reads one kind of judgement. */
interface Judge {
  set(subscriberId: number, paper: PaperKey, origin: string): Promise<unknown>
  remove(subscriberId: number, paper: PaperKey): Promise<unknown>
  isSet(subscriberId: number, paper: PaperKey): Promise<boolean>
}

/** A pressed button: on this site with `back`, the path to return to, or behind an email's link with its token. */
interface Pressed {
  name: string
  reader: number
  /** the reader's network address */
  origin: string
  token?: string
  back?: string | undefined
}

/** What a visitor who is not recognised reads. */
const howOf = (kind: Judgement, reply: FastifyReply) => (kind === 'save' ? reply.locals!.t.saved : undefined)

/**
 * Votes, saving a paper, "not interested", and "more like this". An email's link leads to a page with one button, and GET changes
 * nothing, because email scanners follow every link. On this site, the reader cookie stands in for the link.
 */
export const judgeRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  disallowIndexing(app)
  const vote: Judge = {
    set: (subscriberId, paper, origin) => castVote(services, { subscriberId, paperId: paper.id }, origin),
    remove: (subscriberId, paper) => undoVote(services, { subscriberId, paperId: paper.id }),
    isSet: async (subscriberId, paper) => (await readVotedIds(services.db, subscriberId, [paper.id])).has(paper.id),
  }
  const marked = (kind: MarkKind): Judge => ({
    set: (subscriberId, paper) => markPaper(services, { subscriberId, paperId: paper.id, kind }),
    remove: (subscriberId, paper) => unmarkPaper(services, { subscriberId, paperId: paper.id, kind }),
    isSet: (subscriberId, paper) => isMarked(services, { subscriberId, paperId: paper.id, kind }),
  })
  const preferences = (subscriberId: number) => mintToken(services.keys, 'preferences', subscriberId, services.now())
  const moreLike: Judge = {
    set: (subscriberId, paper) => follow(services, preferences(subscriberId), { likePapers: paper.sourceId }),
    remove: (subscriberId, paper) => unfollow(services, preferences(subscriberId), { likePapers: paper.sourceId }),
    isSet: async (subscriberId, paper) =>
      (await readPreferences(services, preferences(subscriberId))).likePapers.includes(paper.sourceId),
  }
  const judges: Record<Judgement, Judge> = {
    vote,
    save: marked('saved'),
    'not-interested': marked('not interested'),
    'more-like': moreLike,
  }

  for (const kind of JUDGEMENTS) {
    const judge = judges[kind]
    const show = async (name: string, reader: number, reply: FastifyReply, token?: string) => {
      if (token !== undefined) await setOwnLanguage(services, reply, reader)
      const paper = await readNamed(services, name)
      return reply.view(kind === 'vote' ? 'vote' : 'mark', {
        kind,
        paper: aboutPaper(paper),
        action: judgePath(paper, kind, token),
        isSet: await judge.isSet(reader, paper),
        remember: token !== undefined,
        judgeLinks: judgeLinks(paper, kind, token),
      })
    }
    const change = async (pressed: Pressed, how: 'set' | 'remove', reply: FastifyReply) => {
      const { name, reader, origin, token, back } = pressed
      const paper = await findNamed(services, name)
      try {
        await judge[how](reader, paper, origin)
      } catch (error) {
        if (error instanceof BadPreference) {
          const t = token === undefined ? reply.locals!.t : await setOwnLanguage(services, reply, reader)
          return reply
            .code(422)
            .view('message', { heading: t.errors.refused.heading, text: t.preferences.problems[error.field] })
        }
        if (!(error instanceof PaperboyError && error.code === 'NOT_A_READER')) throw error
        if (token !== undefined) await setOwnLanguage(services, reply, reader)
        const about = aboutPaper(await readNamed(services, name))
        return reply.code(403).view('how-to-vote', { paper: about, refused: true, how: howOf(kind, reply) })
      }
      const next = kind === 'vote' && token === undefined ? paperPath(paper) : judgePath(paper, kind, token)
      if (how === 'set') setReaderCookie(services, reply, reader)
      return reply.redirect(back ?? next, 303)
    }

    const onSite = { params: z.object({ id: z.string() }) }
    const pressed = { ...onSite, body: z.object({ back: ownPath }).catch({ back: undefined }) }
    app.get(`/papers/:id/${kind}`, { schema: onSite }, async (request, reply) => {
      const { id } = request.params
      if (request.reader !== undefined) return show(id, request.reader, reply)
      return reply.view('how-to-vote', { paper: aboutPaper(await readNamed(services, id)), how: howOf(kind, reply) })
    })
    const linked = { params: z.object({ id: z.string(), token: z.string() }) }
    app.get(`/papers/:id/${kind}/:token`, { schema: linked }, async ({ params: { id, token } }, reply) =>
      show(id, checkVoteLink(services, token), reply, token),
    )
    for (const [undo, how] of [
      ['', 'set'],
      ['/undo', 'remove'],
    ] as const) {
      app.post(`/papers/:id/${kind}${undo}`, { schema: pressed }, async (request, reply) => {
        const { reader, ip: origin, params, body } = request
        if (reader === undefined) return reply.redirect(judgePath(await findNamed(services, params.id), kind), 303)
        if (!isFromOwnSite(request, services.config.PUBLIC_URL)) return refuseCrossSite(reply)
        return change({ name: params.id, reader, origin, back: body.back }, how, reply)
      })
      app.post(`/papers/:id/${kind}/:token${undo}`, { schema: linked }, async ({ params, ip: origin }, reply) => {
        const { id: name, token } = params
        return change({ name, reader: checkVoteLink(services, token), origin, token }, how, reply)
      })
    }
  }
}
