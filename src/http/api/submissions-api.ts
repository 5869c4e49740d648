import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { PaperboyError } from '../../lib/errors.ts'
import { withAudit } from '../../operate/audit.ts'
import { acceptSubmission, declineSubmission, openSubmissions } from '../../papers/ingest/submissions.ts'
import { readable } from '../../papers/readable.ts'
import { submissionState } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'
import { dayField, moment } from './fields.ts'
import { keyActor } from './key-actor.ts'

const Submission = z.object({
  arxivId: z.string(),
  state: z.enum(submissionState.enumValues).describe('asked: is being looked up at arXiv. found: waits for a decision'),
  times: z.int(),
  submittedAt: moment,
  title: z.string().optional(),
})
const params = z.object({ id: z.string().max(100).describe('the arXiv id') })
const note = z.string().max(500).optional()

/** Papers that readers suggested, for programs. */
export const submissionsApiRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  app.get(
    '/v1/submissions',
    {
      config: { scopes: ['read', 'editions'] },
      schema: {
        summary: 'Suggested papers that wait for a decision, oldest first',
        response: { 200: z.object({ submissions: z.array(Submission) }) },
      },
    },
    async () => ({
      submissions: (await openSubmissions(services)).map(({ submittedAt, title, ...each }) => ({
        ...each,
        submittedAt: submittedAt.toISOString(),
        title: title === undefined ? undefined : readable(title),
      })),
    }),
  )

  app.post(
    '/v1/submissions/:id/accept',
    {
      config: { scopes: ['editions'], errors: [404] },
      schema: {
        summary: 'Put a suggested paper on a list day, by default today',
        params,
        body: z.strictObject({ date: dayField.optional(), note }).optional(),
        response: { 200: z.object({ title: z.string(), day: z.string() }) },
      },
    },
    async (request) => {
      const { id } = request.params
      const { date, note: why } = request.body ?? {}
      const entry = { actor: keyActor(request), action: 'accepted', target: `paper ${id}` }
      return withAudit(services, entry, (db) => acceptSubmission({ ...services, db }, id, date, why))
    },
  )

  app.post(
    '/v1/submissions/:id/decline',
    {
      config: { scopes: ['editions'], errors: [404] },
      schema: {
        summary: 'Decline a suggested paper',
        params,
        body: z.strictObject({ note }).optional(),
        response: { 200: z.object({ title: z.string() }) },
      },
    },
    async (request) => {
      const { id } = request.params
      const entry = { actor: keyActor(request), action: 'declined', target: `paper ${id}` }
      const { title } = await withAudit(services, entry, (db) =>
        declineSubmission({ ...services, db }, id, request.body?.note),
      )
      return { title }
    },
  )

  const Batch = z.strictObject({
    papers: z.array(z.string().max(100)).min(1).max(100).describe('arXiv ids'),
    action: z.enum(['accept', 'decline']),
    date: dayField.optional().describe('to accept: the list day, by default today'),
    note,
  })
  app.post(
    '/v1/submissions',
    {
      config: { scopes: ['editions'] },
      schema: {
        summary:
          'Accept or decline several suggested papers. Those that wait no more are in `missed`; the others count',
        body: Batch,
        response: { 200: z.object({ decided: z.array(z.string()), missed: z.array(z.string()) }) },
      },
    },
    async (request) => {
      const { papers, action, date, note: why } = request.body
      const [decided, missed]: [string[], string[]] = [[], []]
      for (const id of new Set(papers)) {
        const done = action === 'accept' ? 'accepted' : 'declined'
        const entry = { actor: keyActor(request), action: done, target: `paper ${id}` }
        try {
          await withAudit(
            services,
            entry,
            (db): Promise<unknown> =>
              action === 'accept'
                ? acceptSubmission({ ...services, db }, id, date, why)
                : declineSubmission({ ...services, db }, id, why),
          )
          decided.push(id)
        } catch (error) {
          if (!(error instanceof PaperboyError)) throw error
          missed.push(id)
        }
      }
      return { decided, missed }
    },
  )
}
