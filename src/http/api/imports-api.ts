import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { withAudit } from '../../operate/audit.ts'
import type { Services } from '../../runtime/services.ts'
import { withoutFlags } from '../../subscription/import-report.ts'
import { MEANINGS, type Meaning } from '../../subscription/known-columns.ts'
import {
  deleteUpload,
  IMPORT_STATES,
  listUploads,
  readUpload,
  requestCheck,
  requestImport,
  storeUpload,
  UPLOAD_BYTES,
  type UploadedImport,
  UploadOptions,
} from '../../subscription/uploaded-imports.ts'
import { idField } from '../kit/params.ts'
import { UPLOAD_MS } from '../kit/server-options.ts'
import { pageFields, readCursor, writeCursor } from './cursor.ts'
import { moment, NO_CONTENT } from './fields.ts'
import { keyActor } from './key-actor.ts'

/** A quote or a line break is two bytes in JSON. */
const BODY_BYTES = 2 * UPLOAD_BYTES

const COUNTS = ['read', 'added', 'asked', 'activated', 'unchanged', 'remembered', 'refused', 'bad'] as const

const state = z.enum(IMPORT_STATES)
const Import = z.object({
  id: z.int(),
  fileName: z.string(),
  bytes: z.int(),
  uploadedAt: moment,
  uploadedBy: z.string(),
  state: state.describe('failed: nothing was imported'),
  linesRead: z.int(),
  counts: z.record(z.enum(COUNTS), z.int()).optional().describe('of the dry run, or of the import once it is done'),
  columns: z
    .array(z.object({ name: z.string(), meaning: z.enum(MEANINGS as [Meaning, ...Meaning[]]) }))
    .optional()
    .describe('how the columns were read'),
  problem: z.string().optional().describe('why nothing was imported'),
  unclear: z
    .object({ columns: z.array(z.string()), values: z.array(z.object({ column: z.string(), value: z.string() })) })
    .optional()
    .describe('what the next check must explain, because it may be about consent'),
})
type Counts = Record<(typeof COUNTS)[number], number>
const Step = z.object({ id: z.int(), state })

const params = z.object({ id: idField })
const scopes = ['readers'] as const
const onOne = { scopes, errors: [404, 409] as const }

/** Imports of readers from a CSV file, for programs: upload, dry run, import. Workers do the work, so a program asks for the state. */
export const importsApiRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  const wake = () => void services.queues.wake('import-readers', {})

  app.get(
    '/v1/imports',
    {
      config: { scopes },
      schema: {
        summary: 'Imports of the last day, newest first',
        querystring: z.object(pageFields),
        response: { 200: z.object({ imports: z.array(Import), next: z.string().optional() }) },
      },
    },
    async ({ query: { cursor, limit } }) => {
      const [before] = readCursor('imports', z.tuple([z.int().positive()]), cursor) ?? []
      const { uploads, next } = await listUploads(services, { before, limit })
      return { imports: uploads.map(shown), next: next === undefined ? undefined : writeCursor('imports', [next]) }
    },
  )

  app.post(
    '/v1/imports',
    {
      config: { scopes, handlerTimeoutMs: UPLOAD_MS },
      bodyLimit: BODY_BYTES,
      schema: {
        summary: 'Upload a CSV file of readers. It is kept for a day at most',
        body: z.strictObject({ name: z.string().max(200).default('readers.csv'), csv: z.string().min(1) }),
        response: { 201: Step },
      },
    },
    async (request, reply) => {
      const uploadedBy = keyActor(request)
      const upload = { name: request.body.name, bytes: Buffer.from(request.body.csv), uploadedBy }
      const entry = { actor: uploadedBy, action: 'uploaded', target: 'a file of readers' }
      const id = await withAudit(services, entry, (db) => storeUpload({ ...services, db }, upload))
      return reply.code(201).send({ id, state: 'uploaded' as const })
    },
  )

  app.get(
    '/v1/imports/:id',
    {
      config: { scopes, errors: [404] },
      schema: { summary: 'One import: its state, counts and problem', params, response: { 200: Import } },
    },
    async ({ params: { id } }) => shown(await readUpload(services, id)),
  )

  app.post(
    '/v1/imports/:id/check',
    {
      config: onOne,
      schema: {
        summary:
          'Ask a worker for a dry run. Columns that it does not know are ignored, unless they may be about consent',
        params,
        body: UploadOptions.strict().prefault({}),
        response: { 202: Step },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      await requestCheck(services, id, request.body, keyActor(request))
      wake()
      return reply.code(202).send({ id, state: 'to check' as const })
    },
  )

  app.post(
    '/v1/imports/:id/start',
    {
      config: onOne,
      schema: { summary: 'Ask a worker for the import, as the dry run found it', params, response: { 202: Step } },
    },
    async (request, reply) => {
      const { id } = request.params
      const entry = { actor: keyActor(request), action: 'started', target: `the import of file ${id}` }
      await withAudit(services, entry, (db) => requestImport({ db }, id, entry.actor))
      wake()
      return reply.code(202).send({ id, state: 'to import' as const })
    },
  )

  app.delete(
    '/v1/imports/:id',
    {
      config: onOne,
      schema: { summary: 'Delete an uploaded file and its report', params, response: NO_CONTENT },
    },
    async (request, reply) => {
      const { id } = request.params
      const entry = { actor: keyActor(request), action: 'deleted', target: `the uploaded file ${id}` }
      await withAudit(services, entry, (db) => deleteUpload({ ...services, db }, id))
      return reply.code(204).send(null)
    },
  )
}

function shown({ uploadedAt, options: _, fingerprint: __, result, ...each }: UploadedImport): z.output<typeof Import> {
  const { counts, problem, columns = [], values = [] } = result ?? {}
  return {
    ...each,
    uploadedAt: uploadedAt.toISOString(),
    ...(counts
      ? {
          counts: Object.fromEntries(COUNTS.map((name) => [name, counts[name]])) as Counts,
          columns: counts.columns.map(({ name, meaning }) => ({ name, meaning })),
        }
      : {}),
    ...(problem ? { problem: withoutFlags(problem) } : {}),
    ...(columns.length > 0 || values.length > 0 ? { unclear: { columns, values } } : {}),
  }
}
