import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { dayOf, isDay } from '../../calendar/days.ts'
import { plainDay } from '../../calendar/words.ts'
import { withAudit } from '../../operate/audit.ts'
import { acceptSubmission, declineSubmission, openSubmissions } from '../../papers/ingest/submissions.ts'
import { readable } from '../../papers/readable.ts'
import type { Services } from '../../runtime/services.ts'
import { actor } from './guard.ts'

/** Papers that readers suggested, to accept or decline. */
export const adminSubmissionRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  app.get('/admin/submissions', async (_request, reply) => {
    const submissions = (await openSubmissions(services)).map(({ title, submittedAt, ...each }) => ({
      ...each,
      title: title && readable(title),
      day: plainDay(dayOf(submittedAt)),
    }))
    return reply.view('admin/submissions', { submissions, today: dayOf(services.now()) })
  })

  const deciding = {
    params: z.object({ id: z.string(), word: z.enum(['accept', 'decline']) }),
    body: z
      .object({
        date: z.string().refine(isDay).optional().catch(undefined),
        note: z.string().trim().max(500).optional().catch(undefined),
      })
      .catch({}),
  }
  app.post('/admin/submissions/:id/:word', { schema: deciding }, async (request, reply) => {
    const { id, word } = request.params
    const { date, note } = request.body
    const entry = { actor: actor(request), action: word === 'accept' ? 'accepted' : 'declined', target: `paper ${id}` }
    await withAudit(
      services,
      entry,
      async (db): Promise<unknown> =>
        word === 'accept'
          ? acceptSubmission({ ...services, db }, id, date, note || undefined)
          : declineSubmission({ ...services, db }, id, note || undefined),
    )
    return reply.redirect('/admin/submissions', 303)
  })
}
