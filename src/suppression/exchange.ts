import { stringify } from 'csv-stringify/sync'
import { isMoment } from '../calendar/days.ts'
import { isAddressColumn, normalizeName } from '../lib/csv/column-names.ts'
import { openCsv } from '../lib/csv/open-csv.ts'
import { PaperboyError } from '../lib/errors.ts'
import { hashOfAddress } from '../mail/address.ts'
import { bytes, query, text } from '../runtime/db/query.ts'
import { suppressionReason } from '../runtime/db/schema.ts'
import type { Services } from '../runtime/services.ts'
import { keyFingerprint } from './key-fingerprint.ts'
import { type Suppression, type SuppressionReason, suppress } from './suppress.ts'

type Deps = Pick<Services, 'db' | 'config' | 'now'>
type Line = { suppression: Suppression } | { problem: string }

const REASONS: readonly string[] = suppressionReason.enumValues
const CHUNK = 2000
const PAGE = 5000
const MAX_PROBLEMS = 20

/**
 * Exports all suppressions as CSV chunks of hashes, since addresses are not stored.
 * Importing them needs the same SUPPRESSION_KEY.
 */
export async function* exportSuppressions({ db, config }: Pick<Deps, 'db' | 'config'>): AsyncGenerator<string> {
  const fingerprint = keyFingerprint(config.SUPPRESSION_KEY)
  yield stringify([['address_hash', 'key', 'reason', 'created_at']])
  for (let after: Buffer = Buffer.alloc(0); ; ) {
    const rows = await query(db, { addressHash: bytes, reason: text, at: text })`
      SELECT address_hash, reason, to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS at
      FROM suppressions WHERE address_hash > ${after} ORDER BY address_hash LIMIT ${PAGE}`
    if (rows.length === 0) return
    after = rows.at(-1)!.addressHash
    yield stringify(rows.map((row) => [row.addressHash.toString('hex'), fingerprint, row.reason, row.at]))
  }
}

/**
 * Imports a list of suppressed addresses in one transaction: any bad line cancels it.
 * @param file CSV with a header: `email`, or `address_hash`, `key` and `created_at` as exported; optionally `reason` (default
 *   manual)
 * @throws PaperboyError BAD_IMPORT naming at most twenty bad lines
 */
export async function importSuppressions(
  { db, config, now }: Deps,
  file: string,
): Promise<{ read: number; added: number; strengthened: number }> {
  const result = { read: 0, added: 0, strengthened: 0 }
  const problems: string[] = []
  await db.transaction(async (tx) => {
    let chunk: Suppression[] = []
    const write = async () => {
      const { added, strengthened } = await suppress(tx, chunk, now())
      result.added += added
      result.strengthened += strengthened
      chunk = []
    }
    for await (const line of readLines(file, config.SUPPRESSION_KEY, now())) {
      result.read++
      if ('problem' in line) problems.push(line.problem)
      else chunk.push(line.suppression)
      if (problems.length >= MAX_PROBLEMS) break
      if (chunk.length === CHUNK) await write()
    }
    // Throw inside the transaction, so that chunks already written are rolled back.
    if (problems.length > 0) {
      throw new PaperboyError('BAD_IMPORT', `Nothing was imported from ${file}:\n  ${problems.join('\n  ')}`)
    }
    await write()
  })
  return result
}

async function* readLines(file: string, suppressionKey: string, at: Date): AsyncGenerator<Line> {
  const { header, batches } = await openCsv(file)
  const columns = columnsOf(file, header)
  for await (const rows of batches)
    for (const row of rows) {
      if ('problem' in row) yield { problem: `line ${row.line}: ${row.problem}` }
      else {
        const record = Object.fromEntries(columns.map((name, index) => [name, row.cells[index]!]))
        yield toLine(row.line, record, suppressionKey, at)
      }
    }
}

/** Returns the columns by our names: any known name for the address is `email`. */
function columnsOf(file: string, header: string[]): string[] {
  const columns = header.map((name) => (isAddressColumn(name) ? 'email' : normalizeName(name)))
  if (columns.includes('email') || (columns.includes('addresshash') && columns.includes('key'))) return columns
  throw new PaperboyError(
    'BAD_IMPORT',
    `${file} cannot be imported: its first line has neither a column "email" nor "address_hash" and "key".`,
  )
}

function toLine(line: number, record: Record<string, string>, suppressionKey: string, at: Date): Line {
  try {
    const reason = record.reason || 'manual'
    if (!REASONS.includes(reason)) throw new Error(`reason "${reason}" is not ${REASONS.join(', ')}`)
    const hash = hashOf(record, suppressionKey)
    return { suppression: { hash, reason: reason as SuppressionReason, since: sinceIn(record, at) } }
  } catch (error) {
    return { problem: `line ${line}: ${(error as Error).message}` }
  }
}

function hashOf({ email, addresshash, key }: Record<string, string>, suppressionKey: string): Buffer {
  if (email) return hashOfAddress(suppressionKey, email)
  if (!/^[0-9a-f]{64}$/.test(addresshash ?? ''))
    throw new Error('has no address, and its address_hash is not 64 hex digits')
  if (key !== keyFingerprint(suppressionKey))
    throw new Error('was made under another SUPPRESSION_KEY, so it would match no address')
  return Buffer.from(addresshash!, 'hex')
}

/** Returns since when an exported line is suppressed, at most until now. In a list of addresses, `created_at` is about the reader. */
function sinceIn({ email, createdat }: Record<string, string>, now: Date): Date | undefined {
  if (email || !createdat) return undefined
  const since = new Date(createdat)
  if (!isMoment(since)) throw new Error(`created_at "${createdat.slice(0, 40)}" is not a time`)
  return since < now ? since : now
}
