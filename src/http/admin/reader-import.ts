import type { FastifyInstance } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { minuteUtc } from '../../calendar/words.ts'
import { PaperboyError } from '../../lib/errors.ts'
import { withAudit } from '../../operate/audit.ts'
import type { Services } from '../../runtime/services.ts'
import { describeReading, describeUnknownTags, importCounts, withoutFlags } from '../../subscription/import-report.ts'
import { MEANINGS, STATUSES } from '../../subscription/known-columns.ts'
import {
  deleteUpload,
  listUploads,
  readUpload,
  readUploadedColumns,
  requestCheck,
  requestImport,
  storeUpload,
  UPLOAD_BYTES,
  UPLOAD_HOURS,
  type UploadedImport,
  type UploadOptions,
} from '../../subscription/uploaded-imports.ts'
import { idField } from '../kit/params.ts'
import { UPLOAD_MS } from '../kit/server-options.ts'
import { seen } from './edition.ts'
import { actor } from './guard.ts'
import { cursor, pageHref, several } from './list-query.ts'
import { parseUploads } from './multipart.ts'

const PATH = '/admin/readers/import'
/** For the other fields of the form, and the boundaries between them. */
const FORM_BYTES = 64 * 1024
/** The names of many columns, of which a survey's are whole questions. In a form, a letter of most scripts is six bytes or nine. */
const MAPPING_BYTES = 1024 * 1024

const params = z.object({ id: idField })
const texts = several(z.string().max(1000), 400)

/** The fields of the mapping page: one meaning for each column in order, and one for each value that the dry run asked about. */
const mappingForm = z
  .object({
    column: texts,
    meaning: texts,
    valueColumn: texts,
    value: texts,
    valueMeaning: texts,
    active: z.literal('yes').optional().catch(undefined),
    attestedBy: z.string().trim().max(200).catch(''),
    partial: z.literal('yes').optional().catch(undefined),
  })
  .partial()
  .catch({})

/** Imports a file of readers: upload, mapping, dry run, confirmation, progress by reload, report. The same import as the command. */
export const readerImportRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  const listing = { schema: { querystring: z.object({ before: cursor }) } }
  app.get(PATH, listing, async ({ query: { before } }, reply) => {
    const { uploads, next } = await listUploads(services, { before })
    return reply.view('admin/reader-uploads', {
      limits: { megabytes: UPLOAD_BYTES / 1024 / 1024, hours: UPLOAD_HOURS },
      uploads: uploads.map(summary),
      next: next && pageHref(PATH, {}, next),
    })
  })

  app.register(async (uploading) => {
    parseUploads(uploading as unknown as FastifyInstance, UPLOAD_BYTES + FORM_BYTES)
    uploading.post(
      PATH,
      { config: { handlerTimeoutMs: UPLOAD_MS }, bodyLimit: UPLOAD_BYTES + FORM_BYTES },
      async (request, reply) => {
        const { file } = (request.body ?? {}) as { file?: unknown }
        if (!(file instanceof File) || file.size === 0)
          throw new PaperboyError('BAD_IMPORT', 'Choose a CSV file first.')
        const bytes = Buffer.from(await file.arrayBuffer())
        const upload = { name: file.name, bytes, uploadedBy: actor(request) }
        const entry = { actor: actor(request), action: 'uploaded', target: 'a file of readers' }
        const id = await withAudit(services, entry, (db) => storeUpload({ ...services, db }, upload))
        return reply.redirect(`${PATH}/${id}`, 303)
      },
    )
  })

  app.get(`${PATH}/:id`, { schema: { params } }, async ({ params: { id } }, reply) => showUpload(reply, id))

  const checking = { schema: { params, body: mappingForm }, bodyLimit: MAPPING_BYTES }
  app.post(`${PATH}/:id/check`, checking, async (request, reply) => {
    const { id } = request.params
    try {
      await requestCheck(services, id, optionsOf(request.body), actor(request))
    } catch (error) {
      if (!(error instanceof PaperboyError && error.code === 'BAD_IMPORT')) throw error
      return showUpload(reply.code(422), id, { problem: withoutFlags(error.message), options: optionsOf(request.body) })
    }
    void services.queues.wake('import-readers', {})
    return reply.redirect(`${PATH}/${id}`, 303)
  })

  const starting = { schema: { params, body: z.object({ seen }).catch({}) } }
  app.post(`${PATH}/:id/import`, starting, async (request, reply) => {
    const { id } = request.params
    const entry = { actor: actor(request), action: 'started', target: `the import of file ${id}` }
    await withAudit(services, entry, (db) => requestImport({ db }, id, entry.actor, request.body.seen))
    void services.queues.wake('import-readers', {})
    return reply.redirect(`${PATH}/${id}`, 303)
  })

  app.post(`${PATH}/:id/delete`, { schema: { params } }, async (request, reply) => {
    const { id } = request.params
    const entry = { actor: actor(request), action: 'deleted', target: `the uploaded file ${id}` }
    await withAudit(services, entry, (db) => deleteUpload({ ...services, db }, id))
    return reply.redirect(PATH, 303)
  })

  async function showUpload(
    reply: { view(page: string, data: object): unknown },
    id: number,
    more: { problem?: string; options?: UploadOptions } = {},
  ) {
    const upload = await readUpload(services, id)
    const { state, result, linesRead } = upload
    const options = more.options ?? upload.options
    const maps = state === 'uploaded' || state === 'checked' || state === 'failed'
    return reply.view('admin/reader-import', {
      ...summary(upload),
      ...{ path: `${PATH}/${id}`, options, seen: upload.fingerprint, linesRead: linesRead.toLocaleString('en') },
      problem: more.problem ?? (result?.problem && withoutFlags(result.problem)),
      columns: maps ? (await readUploadedColumns(services, id)).map((column) => asField(column, options, result)) : [],
      values: maps ? valueFields(options, result) : [],
      meanings: MEANINGS,
      statuses: VALUE_MEANINGS,
      ...(result?.counts
        ? {
            reading: describeReading(result.counts),
            read: result.counts.read.toLocaleString('en'),
            counts: importCounts(result.counts, state === 'done' ? 'were' : 'would be'),
            tags: describeUnknownTags(result.counts),
            problems: result.counts.problems,
          }
        : {}),
    })
  }
}

const summary = ({ id, fileName, bytes, state, uploadedBy, uploadedAt }: UploadedImport) => ({
  ...{ id, fileName, state, uploadedBy },
  href: `${PATH}/${id}`,
  size: `${Math.max(1, Math.round(bytes / 1024)).toLocaleString('en')} kB`,
  at: minuteUtc(uploadedAt),
})

const asField = (
  { name, meaning, by, cells }: Awaited<ReturnType<typeof readUploadedColumns>>[number],
  options: UploadOptions,
  result: UploadedImport['result'],
) => ({
  ...{ name, cells },
  // The tools are a hint below: no select wraps its text.
  default: by ? meaning : 'not known: ignored',
  knownFrom: by ?? '',
  chosen: options.columns.find(({ column }) => column === name)?.meaning ?? '',
  unclear: result?.columns.includes(name) ?? false,
})

/** The values that the operator explained, and those that the last dry run asked about. */
function valueFields({ values }: UploadOptions, result: UploadedImport['result']) {
  const asked = (result?.values ?? []).filter(
    (each) => !values.some(({ column, value }) => column === each.column && value === each.value),
  )
  return [
    ...values.map(({ column, value, meaning }) => ({ column, value, chosen: meaning, unclear: false })),
    ...asked.map((each) => ({ ...each, chosen: '', unclear: true })),
  ]
}

function optionsOf(form: z.output<typeof mappingForm>): UploadOptions {
  const { column = [], meaning = [], valueColumn = [], value = [], valueMeaning = [] } = form
  return {
    active: form.active === 'yes',
    attestedBy: form.attestedBy ?? '',
    partial: form.partial === 'yes',
    columns: column.flatMap((name, index) => {
      const known = MEANINGS.find((each) => each === meaning[index])
      return known ? [{ column: name, meaning: known }] : []
    }),
    values: valueColumn.flatMap((name, index) => {
      const known = VALUE_MEANINGS.find((each) => each === valueMeaning[index])
      return known ? [{ column: name, value: value[index] ?? '', meaning: known }] : []
    }),
  }
}

const VALUE_MEANINGS = [...STATUSES, 'ignore'] as const
