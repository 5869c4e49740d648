import type { FastifyReply } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { PaperboyError } from '../../lib/errors.ts'
import { type ListedRow, readListed } from '../../papers/lists/listed-rows.ts'
import { findPaper } from '../../papers/lists/paper.ts'
import { type PaperKey, paperPath } from '../../papers/paper-path.ts'
import { castVote, paperNotFound, readVotedIds, undoVote } from '../../papers/votes/cast.ts'
import { checkVoteLink } from '../../papers/votes/vote-link.ts'
import type { Services } from '../../runtime/services.ts'
import { isFromOwnSite } from '../kit/own-site.ts'
import { disallowIndexing } from '../kit/security.ts'
import { isWebUrl } from '../pages/paper-item.ts'
import { setReaderCookie } from './reader.ts'

/** A path on this site, such as "/papers?date=2026-04-14#p7". Rejects "//elsewhere.example" and "/\elsewhere.example". */
const ownPath = z
  .string()
  .max(2000)
  .regex(/^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/)
  .optional()
  .catch(undefined)

/**
 * Votes. With the reader cookie, the ▲ of every list posts here. An email's link leads to a page with one button: GET never
 * votes, because email scanners follow every link.
 */
export const voteRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  const { db, now, config } = services
  disallowIndexing(app)
  const params = z.object({ id: z.string() })
  const body = z.object({ back: ownPath }).catch({ back: undefined })

  const named = async (name: string): Promise<PaperKey> => {
    const paper = await findPaper(db, name)
    if (!paper) throw paperNotFound()
    return paper
  }

  const readOne = async (name: string): Promise<ListedRow> => {
    const [paper] = await readListed(db, [(await named(name)).id], now())
    if (!paper) throw paperNotFound()
    return paper
  }

  const pageFor = async (paper: ListedRow, reader: number, link: string) => ({
    paper: about(paper),
    action: link,
    voted: (await readVotedIds(db, reader, [paper.id])).has(paper.id),
  })

  app.get('/papers/:id/vote', { schema: { params } }, async (request, reply) => {
    const paper = await readOne(request.params.id)
    if (request.reader === undefined) return reply.view('how-to-vote', { paper: about(paper) })
    return reply.view('vote', await pageFor(paper, request.reader, `${paperPath(paper)}/vote`))
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
  const linkOf = (paper: PaperKey, token: string) => `${paperPath(paper)}/vote/${token}`

  app.get('/papers/:id/vote/:token', { schema: { params: linked } }, async (request, reply) => {
    const reader = checkVoteLink(services, request.params.token)
    const paper = await readOne(request.params.id)
    return reply.view('vote', {
      ...(await pageFor(paper, reader, linkOf(paper, request.params.token))),
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
      return notAReader(error, reply, await readOne(id))
    }
    return setReaderCookie(services, reply, subscriberId).redirect(linkOf(paper, token), 303)
  })

  app.post('/papers/:id/vote/:token/undo', { schema: { params: linked } }, async (request, reply) => {
    const { id, token } = request.params
    const subscriberId = checkVoteLink(services, token)
    const paper = await named(id)
    await undoVote(services, { subscriberId, paperId: paper.id })
    return reply.redirect(linkOf(paper, token), 303)
  })

  const about = (paper: ListedRow) => ({
    title: paper.title,
    href: paperPath(paper),
    discussion: isWebUrl(paper.discussionUrl) ? paper.discussionUrl : undefined,
  })

  function notAReader(error: unknown, reply: FastifyReply, paper: ListedRow) {
    if (!(error instanceof PaperboyError && error.code === 'NOT_A_READER')) throw error
    return reply.code(403).view('how-to-vote', { paper: about(paper), refused: true })
  }
}

export function refuseCrossSite(reply: FastifyReply) {
  const { vote } = reply.locals!.t
  return reply.code(403).view('message', { heading: vote.elsewhere, text: vote.elsewhereText })
}
