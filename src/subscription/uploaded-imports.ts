import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import { sql } from 'drizzle-orm'
import { z } from 'zod'
import { openCsv } from '../lib/csv/open-csv.ts'
import { PaperboyError } from '../lib/errors.ts'
import { bigint, bytes, moment, number, query, queryColumn, text } from '../runtime/db/query.ts'
import type { Services } from '../runtime/services.ts'
import { type Mapping, type ReadColumn, readColumns } from './import-columns.ts'
import { MEANINGS, STATUSES } from './known-columns.ts'

type Deps = Pick<Services, 'db' | 'now'>

/** Bytes of an upload: some 400,000 plain addresses. The command line imports larger files. */
export const UPLOAD_BYTES = 16 * 1024 * 1024
/** An upload is deleted after this long, however far its import went. */
export const UPLOAD_HOURS = 24
/** Rows of the file shown beside its columns. */
const SAMPLE_ROWS = 3
const MOST_COLUMNS = 200
const UPLOADS_A_PAGE = 20

/**
 * uploaded: waits for the operator's mapping · to check, to import: waits for a worker, or a worker is at it ·
 * checked: the dry run passed · failed: the dry run or the import stopped, and changed nothing · done
 */
export const IMPORT_STATES = ['uploaded', 'to check', 'checked', 'to import', 'failed', 'done'] as const

export const UploadOptions = z.object({
  /** activate at once, without a confirmation email */
  active: z.boolean().default(false),
  attestedBy: z.string().default(''),
  partial: z.boolean().default(false),
  /** meanings of columns, and of single values in them */
  columns: z.array(z.object({ column: z.string(), meaning: z.enum(MEANINGS) })).default([]),
  values: z
    .array(z.object({ column: z.string(), value: z.string(), meaning: z.enum([...STATUSES, 'ignore']) }))
    .default([]),
})
export type UploadOptions = z.output<typeof UploadOptions>

/** The options as stored, with the people who chose them: any operator may continue another's import. */
const StoredOptions = UploadOptions.extend({
  /** asked for the dry run, and attests the consent unless the options name another */
  checkedBy: z.string().optional(),
  startedBy: z.string().optional(),
})

/** Returns the options as the import takes them. */
export const mappingsOf = ({ columns, values }: UploadOptions): Mapping[] => [
  ...columns.map(({ column, meaning }) => ({ target: column, meaning })),
  ...values.map(({ column, value, meaning }) => ({ target: `${column}:${value}`, meaning })),
]

/** What a dry run or an import returned. */
const Result = z.object({
  /** as ImportResult */
  counts: z.custom<import('./import.ts').ImportResult>().optional(),
  /** why nothing was imported */
  problem: z.string().optional(),
  /** columns and values that may be about consent, and that the operator must explain */
  columns: z.array(z.string()).default([]),
  values: z.array(z.object({ column: z.string(), value: z.string() })).default([]),
})
export type UploadResult = z.output<typeof Result>

const Row = z.object({
  id: bigint,
  uploadedAt: moment,
  uploadedBy: text,
  fileName: text,
  bytes: number,
  state: z.enum(IMPORT_STATES),
  options: StoredOptions,
  /** of the options, for a form that shows what they led to */
  fingerprint: text,
  result: Result.nullable(),
  linesRead: number,
})
export type UploadedImport = z.output<typeof Row>

const FINGERPRINT = sql`md5(options::text)`
const COLUMNS = sql`id, uploaded_at, uploaded_by, file_name, bytes, state, options, ${FINGERPRINT} AS fingerprint, result, lines_read`

/**
 * Keeps an uploaded file until its import ends. @returns the import's id
 * @throws PaperboyError BAD_IMPORT when it is no CSV file, or too large
 */
export async function storeUpload(
  { db, now }: Deps,
  upload: { name: string; bytes: Buffer; uploadedBy: string },
): Promise<number> {
  const { bytes: content, uploadedBy } = upload
  const name = upload.name.replaceAll(/[^\p{L}\p{N} ._()-]/gu, '_').slice(-100) || 'file.csv'
  if (content.length > UPLOAD_BYTES)
    throw new PaperboyError('BAD_IMPORT', `${name} is larger than ${UPLOAD_BYTES / 1024 / 1024} MB.`)
  const { header } = await openCsv({ name, bytes: content })
  if (header.length > MOST_COLUMNS)
    throw new PaperboyError('BAD_IMPORT', `${name} has more than ${MOST_COLUMNS} columns.`)
  const [id] = await queryColumn(db, bigint)`
    INSERT INTO reader_imports (uploaded_at, uploaded_by, file_name, bytes, file, state)
    VALUES (${now()}, ${uploadedBy}, ${name}, ${content.length}, ${await promisify(gzip)(content)}, 'uploaded') RETURNING id`
  return id!
}

/** Returns an uploaded import. @throws PaperboyError IMPORT_NOT_FOUND */
export async function readUpload({ db }: Pick<Deps, 'db'>, id: number): Promise<UploadedImport> {
  const [found] = await query(db, Row)`SELECT ${COLUMNS} FROM reader_imports WHERE id = ${id}`
  if (!found) throw notFound()
  return found
}

/** Lists the imports of the last day, newest first. @param page.before id of the last import of the page before */
export async function listUploads(
  { db }: Pick<Deps, 'db'>,
  { before, limit = UPLOADS_A_PAGE }: { before?: number | undefined; limit?: number } = {},
): Promise<{ uploads: UploadedImport[]; next: number | undefined }> {
  const rows = await query(db, Row)`
    SELECT ${COLUMNS} FROM reader_imports WHERE id < ${before ?? Number.MAX_SAFE_INTEGER}::bigint
    ORDER BY id DESC LIMIT ${limit + 1}`
  return { uploads: rows.slice(0, limit), next: rows.length > limit ? rows[limit - 1]!.id : undefined }
}

/** Returns the uploaded file. @throws PaperboyError IMPORT_NOT_FOUND once its import ended */
export async function readUploadedFile({ db }: Pick<Deps, 'db'>, id: number): Promise<{ name: string; bytes: Buffer }> {
  const [found] = await query(db, {
    name: text,
    file: bytes,
  })`SELECT file_name AS name, file FROM reader_imports WHERE id = ${id} AND file IS NOT NULL`
  if (!found) throw notFound()
  return { name: found.name, bytes: await promisify(gunzip)(found.file) }
}

/** A column of the file for the mapping page: its own reading without a mapping, and cells of the first rows. */
export interface UploadedColumn extends Pick<ReadColumn, 'name' | 'meaning' | 'by'> {
  cells: string[]
}

/** Returns the columns of an uploaded file, as an import reads them without a mapping. */
export async function readUploadedColumns(deps: Pick<Deps, 'db'>, id: number): Promise<UploadedColumn[]> {
  const { header, batches } = await openCsv(await readUploadedFile(deps, id))
  const sample: string[][] = []
  for await (const rows of batches) {
    sample.push(...rows.flatMap((row) => ('cells' in row ? [row.cells] : [])).slice(0, SAMPLE_ROWS - sample.length))
    if (sample.length === SAMPLE_ROWS) break
  }
  return readColumns(header, [], 'any address columns').map(({ name, meaning, by }, index) => ({
    ...{ name, meaning, by },
    cells: sample.map((cells) => cells[index] ?? ''),
  }))
}

/**
 * Asks a worker for a dry run with these options.
 * @param by who asks, as in AuditEntry
 * @throws PaperboyError BAD_IMPORT when a mapping fits no column, or no column has the addresses; IMPORT_STATE
 */
export async function requestCheck(deps: Deps, id: number, options: UploadOptions, by: string): Promise<void> {
  const { header } = await openCsv(await readUploadedFile(deps, id))
  try {
    readColumns(header, mappingsOf(options))
  } catch (error) {
    throw new PaperboyError('BAD_IMPORT', `The file cannot be imported: ${(error as Error).message}`, { cause: error })
  }
  const { rowCount } = await deps.db.execute(sql`
    UPDATE reader_imports SET state = 'to check', options = ${JSON.stringify({ ...options, checkedBy: by })}::jsonb, result = NULL, lines_read = 0, lease_until = NULL
    WHERE id = ${id} AND state IN ('uploaded', 'checked', 'failed') AND file IS NOT NULL`)
  if (rowCount === 0) throw await refusal(deps, id)
}

/**
 * Asks a worker for the import, as the dry run found it.
 * @param by who asks, as in AuditEntry
 * @param seen fingerprint of the options whose dry run a page showed; undefined: as they are now
 * @throws PaperboyError IMPORT_NOT_FOUND | IMPORT_STATE without a passed dry run, or when another person chose other options since
 */
export async function requestImport({ db }: Pick<Deps, 'db'>, id: number, by: string, seen?: string): Promise<void> {
  const { rowCount } = await db.execute(sql`
    UPDATE reader_imports SET state = 'to import', lines_read = 0, lease_until = NULL,
      options = options || jsonb_build_object('startedBy', ${by}::text)
    WHERE id = ${id} AND state = 'checked' AND ${seen === undefined ? sql`true` : sql`${FINGERPRINT} = ${seen}`}`)
  if (rowCount === 0) throw await refusal({ db }, id)
}

/** Deletes an upload and its report. @throws PaperboyError IMPORT_NOT_FOUND | IMPORT_STATE while a worker is at it */
export async function deleteUpload({ db, now }: Deps, id: number): Promise<void> {
  const { rowCount } = await db.execute(sql`
    DELETE FROM reader_imports WHERE id = ${id} AND (lease_until IS NULL OR lease_until < ${now()} OR state NOT LIKE 'to %')`)
  if (rowCount === 0) throw await refusal({ db }, id)
}

/** Deletes uploads after a day, with their reports. */
export async function deleteOldUploads({ db, now }: Deps): Promise<void> {
  await db.execute(sql`
    DELETE FROM reader_imports WHERE uploaded_at < ${now()}::timestamptz - make_interval(hours => ${UPLOAD_HOURS})
      AND (lease_until IS NULL OR lease_until < ${now()})`)
}

const notFound = () =>
  new PaperboyError(
    'IMPORT_NOT_FOUND',
    `This upload was deleted. Files are kept for ${UPLOAD_HOURS} hours at most, and until a reader in them is erased.`,
  )

/** Returns why an import was not changed. @throws PaperboyError IMPORT_NOT_FOUND */
async function refusal(deps: Pick<Deps, 'db'>, id: number): Promise<PaperboyError> {
  await readUpload(deps, id)
  return new PaperboyError('IMPORT_STATE', 'This import is at another step now. Nothing was changed. Open it again.')
}
