import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { dayField } from '../../calendar/day-field.ts'
import { acceptSuggested, decideSuggested, declineSuggested } from '../../operate/decide-submissions.ts'
import { openSubmissions } from '../../papers/ingest/submissions.ts'
import { readable } from '../../papers/readable.ts'
import { submissionState } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'
import { moment } from './fields.ts'
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
    async (request) => acceptSuggested(services, request.params.id, { actor: keyActor(request), ...request.body }),
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
      const decision = { actor: keyActor(request), ...request.body }
      const { title } = await declineSuggested(services, request.params.id, decision)
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
      const { papers, action, ...decision } = request.body
      return decideSuggested(services, papers, { actor: keyActor(request), verdict: action, ...decision })
    },
  )
}
