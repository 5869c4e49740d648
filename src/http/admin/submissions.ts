import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { dayField } from '../../calendar/day-field.ts'
import { dayOf, isDay } from '../../calendar/days.ts'
import { plainDay } from '../../calendar/words.ts'
import { counted } from '../../lib/counted.ts'
import { PaperboyError } from '../../lib/errors.ts'
import { acceptSuggested, decideSuggested, declineSuggested } from '../../operate/decide-submissions.ts'
import { openSubmissions } from '../../papers/ingest/submissions.ts'
import { readable } from '../../papers/readable.ts'
import type { Services } from '../../runtime/services.ts'
import { actor } from './guard.ts'
import { several } from './list-query.ts'

const PER_PAGE = 100

const place = z.coerce.number().int().positive().optional().catch(undefined)
const day = dayField.optional().catch(undefined)
const note = z.string().trim().max(500).optional().catch(undefined)
const verdict = z.enum(['accept', 'decline'])
const DONE = { accept: 'accepted', decline: 'declined' } as const

/** Papers that readers suggested, to accept or decline, one by one or several at once. */
export const adminSubmissionRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  const listing = { querystring: z.object({ after: place }) }
  app.get('/admin/submissions', { schema: listing }, async ({ query }, reply) => show(reply, query.after))

  const deciding = {
    params: z.object({ id: z.string(), word: verdict }),
    body: z.object({ date: day, note }).catch({}),
  }
  app.post('/admin/submissions/:id/:word', { schema: deciding }, async (request, reply) => {
    const { id, word } = request.params
    const { date, note } = request.body
    const decide = word === 'accept' ? acceptSuggested : declineSuggested
    await decide(services, id, { actor: actor(request), date, note: note || undefined })
    return reply.redirect('/admin/submissions', 303)
  })

  const together = {
    body: z.object({
      paper: several(z.string(), PER_PAGE),
      word: verdict,
      date: z.string().catch(''),
      after: place,
    }),
  }
  app.post('/admin/submissions', { schema: together }, async (request, reply) => {
    const { paper: papers, word, after } = request.body
    try {
      const date = word === 'accept' ? readDay(request.body.date) : undefined
      const { decided, missed } = await decideSuggested(services, papers, {
        actor: actor(request),
        verdict: word,
        date,
      })
      return await show(reply, after, {
        done: `${counted(decided.length, 'paper')} ${DONE[word]}.`,
        ...(missed.length > 0 ? { missed: missed.join(', ') } : {}),
      })
    } catch (error) {
      if (!(error instanceof PaperboyError && error.code === 'BAD_PAPER')) throw error
      const typed = { papers, date: request.body.date }
      return show(reply.code(422), after, { problem: error.message, typed })
    }
  })

  async function show(
    reply: { view(page: string, data: object): unknown },
    after?: number,
    more: object = {},
  ): Promise<unknown> {
    const open = await openSubmissions(services, { after, limit: PER_PAGE + 1 })
    // The last ones of a later page were decided.
    if (after && open.length === 0) return show(reply, undefined, more)
    const shown = open.slice(0, PER_PAGE)
    return reply.view('admin/submissions', {
      submissions: shown.map(({ title, submittedAt, ...each }) => ({
        ...each,
        title: title && readable(title),
        day: plainDay(dayOf(submittedAt)),
      })),
      after,
      canDecide: shown.some(({ state }) => state === 'found'),
      today: dayOf(services.now()),
      next: open.length > PER_PAGE ? `/admin/submissions?after=${shown.at(-1)!.id}` : undefined,
      ...more,
    })
  }
}

/** Reads the list day of accepted papers; undefined for today. @throws PaperboyError BAD_PAPER */
function readDay(typed: string): string | undefined {
  if (typed === '' || isDay(typed)) return typed || undefined
  throw new PaperboyError('BAD_PAPER', 'Give a list day of the calendar, such as 2026-04-15.')
}
