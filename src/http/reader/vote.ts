import type { FastifyReply } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { PaperboyError } from '../../lib/errors.ts'
import { type ListedRow, readListed } from '../../papers/lists/listed-rows.ts'
import { castVote, noSuchPaper, undoVote, votedFor } from '../../papers/votes/cast.ts'
import { checkVoteLink } from '../../papers/votes/vote-link.ts'
import type { Services } from '../../runtime/services.ts'
import { isFromOwnSite } from '../kit/own-site.ts'
import { paperId } from '../kit/params.ts'
import { keepPrivate } from '../kit/security.ts'
import { isWebUrl, paperHref } from '../pages/paper-item.ts'
import { rememberReader } from './reader.ts'

/** A page of this site: "/papers?date=2026-04-14#p7", and never "//elsewhere.example" or "/\elsewhere.example". */
const ownPath = z
  .string()
  .max(2000)
  .regex(/^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/)
  .optional()
  .catch(undefined)

/**
 * Voting for a paper. In a browser that is known as a reader's the ▲ of every list posts here. A mail's link leads to a page with
 * one button; GET never votes, since mail scanners follow every link.
 */
export const voteRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  const { db, now, config } = services
  keepPrivate(app)
  const params = z.object({ id: paperId })
  const body = z.object({ back: ownPath }).catch({ back: undefined })

  const readOne = async (id: number): Promise<ListedRow> => {
    const [paper] = await readListed(db, [id], now())
    if (!paper) throw noSuchPaper()
    return paper
  }

  const pageFor = async (paper: ListedRow, reader: number, link: string) => ({
    paper: about(paper),
    action: link,
    voted: (await votedFor(db, reader, [paper.id])).has(paper.id),
  })

  app.get('/papers/:id/vote', { schema: { params } }, async (request, reply) => {
    const paper = await readOne(request.params.id)
    if (request.reader === undefined) return reply.view('vote-how', { paper: about(paper) })
    return reply.view('vote', await pageFor(paper, request.reader, `${paperHref(paper.id)}/vote`))
  })

  app.post('/papers/:id/vote', { schema: { params, body } }, async (request, reply) => {
    const { id } = request.params
    if (request.reader === undefined) return reply.redirect(`${paperHref(id)}/vote`, 303)
    if (!isFromOwnSite(request, config.PUBLIC_URL)) return fromElsewhere(reply)
    try {
      await castVote(services, { subscriberId: request.reader, paperId: id }, request.ip)
    } catch (error) {
      return notAReader(error, reply, await readOne(id))
    }
    rememberReader(services, reply, request.reader)
    return reply.redirect(request.body.back ?? paperHref(id), 303)
  })

  app.post('/papers/:id/vote/undo', { schema: { params, body } }, async (request, reply) => {
    const { id } = request.params
    if (request.reader === undefined) return reply.redirect(`${paperHref(id)}/vote`, 303)
    if (!isFromOwnSite(request, config.PUBLIC_URL)) return fromElsewhere(reply)
    await undoVote(services, { subscriberId: request.reader, paperId: id })
    return reply.redirect(request.body.back ?? paperHref(id), 303)
  })

  // From a mail: the token names the reader, and the button also lets this browser be known as theirs.
  const linked = z.object({ id: paperId, token: z.string() })
  const linkOf = ({ id, token }: { id: number; token: string }) => `${paperHref(id)}/vote/${token}`

  app.get('/papers/:id/vote/:token', { schema: { params: linked } }, async (request, reply) => {
    const reader = checkVoteLink(services, request.params.token)
    const paper = await readOne(request.params.id)
    return reply.view('vote', { ...(await pageFor(paper, reader, linkOf(request.params))), remember: true })
  })

  app.post('/papers/:id/vote/:token', { schema: { params: linked } }, async (request, reply) => {
    const subscriberId = checkVoteLink(services, request.params.token)
    try {
      await castVote(services, { subscriberId, paperId: request.params.id }, request.ip)
    } catch (error) {
      return notAReader(error, reply, await readOne(request.params.id))
    }
    return rememberReader(services, reply, subscriberId).redirect(linkOf(request.params), 303)
  })

  app.post('/papers/:id/vote/:token/undo', { schema: { params: linked } }, async (request, reply) => {
    const subscriberId = checkVoteLink(services, request.params.token)
    await undoVote(services, { subscriberId, paperId: request.params.id })
    return reply.redirect(linkOf(request.params), 303)
  })

  const about = (paper: ListedRow) => ({
    title: paper.title,
    href: paperHref(paper.id),
    discussion: isWebUrl(paper.discussionUrl) ? paper.discussionUrl : undefined,
  })

  function notAReader(error: unknown, reply: FastifyReply, paper: ListedRow) {
    if (!(error instanceof PaperboyError && error.code === 'NOT_A_READER')) throw error
    return reply.code(403).view('vote-how', { paper: about(paper), refused: true })
  }
}

export function fromElsewhere(reply: FastifyReply) {
  const { vote } = reply.locals!.t
  return reply.code(403).view('message', { heading: vote.elsewhere, text: vote.elsewhereText })
}
