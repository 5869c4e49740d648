import type { FastifyReply } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { PaperboyError } from '../../lib/errors.ts'
import type { ListedRow } from '../../papers/lists/listed-rows.ts'
import { paperPath } from '../../papers/paper-path.ts'
import { castVote, readVotedIds, undoVote } from '../../papers/votes/cast.ts'
import { checkVoteLink } from '../../papers/votes/vote-link.ts'
import type { Services } from '../../runtime/services.ts'
import { isFromOwnSite } from '../kit/own-site.ts'
import { ownPath } from '../kit/params.ts'
import { disallowIndexing } from '../kit/security.ts'
import { aboutPaper, findNamed, judgeLinks, judgePath, readNamed } from './judged-paper.ts'
import { setOwnLanguage } from './own-language.ts'
import { setReaderCookie } from './reader.ts'

/**
 * Votes. With the reader cookie, the ▲ of every list posts here. An email's link leads to a page with one button: GET never
 * votes, because email scanners follow every link.
 */
export const voteRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  const { db, config } = services
  disallowIndexing(app)
  const params = z.object({ id: z.string() })
  const body = z.object({ back: ownPath }).catch({ back: undefined })

  const named = (name: string) => findNamed(services, name)
  const readOne = (name: string) => readNamed(services, name)

  const pageFor = async (paper: ListedRow, reader: number, token?: string) => ({
    paper: aboutPaper(paper),
    action: judgePath(paper, 'vote', token),
    judgeLinks: judgeLinks(paper, 'vote', token),
    voted: (await readVotedIds(db, reader, [paper.id])).has(paper.id),
  })

  app.get('/papers/:id/vote', { schema: { params } }, async (request, reply) => {
    const paper = await readOne(request.params.id)
    if (request.reader === undefined) return reply.view('how-to-vote', { paper: aboutPaper(paper) })
    return reply.view('vote', await pageFor(paper, request.reader))
  })

  app.post('/papers/:id/vote', { schema: { params, body } }, async (request, reply) => {
    const paper = await named(request.params.id)
    if (request.reader === undefined) return reply.redirect(`${paperPath(paper)}/vote`, 303)
    if (!isFromOwnSite(request, config.PUBLIC_URL)) return refuseCrossSite(reply)
    try {
      await castVote(services, { subscriberId: request.reader, paperId: paper.id }, request.ip)
    } catch (error) {
      return notAReader(error, reply, await readOne(request.params.id))
    }
    setReaderCookie(services, reply, request.reader)
    return reply.redirect(request.body.back ?? paperPath(paper), 303)
  })

  app.post('/papers/:id/vote/undo', { schema: { params, body } }, async (request, reply) => {
    const paper = await named(request.params.id)
    if (request.reader === undefined) return reply.redirect(`${paperPath(paper)}/vote`, 303)
    if (!isFromOwnSite(request, config.PUBLIC_URL)) return refuseCrossSite(reply)
    await undoVote(services, { subscriberId: request.reader, paperId: paper.id })
    return reply.redirect(request.body.back ?? paperPath(paper), 303)
  })

  // From an email: the token names the reader, and the button also sets the reader cookie.
  const linked = z.object({ id: z.string(), token: z.string() })

  app.get('/papers/:id/vote/:token', { schema: { params: linked } }, async (request, reply) => {
    const reader = checkVoteLink(services, request.params.token)
    await setOwnLanguage(services, reply, reader)
    const paper = await readOne(request.params.id)
    return reply.view('vote', {
      ...(await pageFor(paper, reader, request.params.token)),
      remember: true,
    })
  })

  app.post('/papers/:id/vote/:token', { schema: { params: linked } }, async (request, reply) => {
    const { id, token } = request.params
    const subscriberId = checkVoteLink(services, token)
    const paper = await named(id)
    try {
      await castVote(services, { subscriberId, paperId: paper.id }, request.ip)
    } catch (error) {
      await setOwnLanguage(services, reply, subscriberId)
      return notAReader(error, reply, await readOne(id))
    }
    return setReaderCookie(services, reply, subscriberId).redirect(judgePath(paper, 'vote', token), 303)
  })

  app.post('/papers/:id/vote/:token/undo', { schema: { params: linked } }, async (request, reply) => {
    const { id, token } = request.params
    const subscriberId = checkVoteLink(services, token)
    const paper = await named(id)
    await undoVote(services, { subscriberId, paperId: paper.id })
    return reply.redirect(judgePath(paper, 'vote', token), 303)
  })

  function notAReader(error: unknown, reply: FastifyReply, paper: ListedRow) {
    if (!(error instanceof PaperboyError && error.code === 'NOT_A_READER')) throw error
    return reply.code(403).view('how-to-vote', { paper: aboutPaper(paper), refused: true })
  }
}

export function refuseCrossSite(reply: FastifyReply) {
  const { vote } = reply.locals!.t
  return reply.code(403).view('message', { heading: vote.elsewhere, text: vote.elsewhereText })
}
