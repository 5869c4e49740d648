import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { sql } from 'drizzle-orm'
import { detectEncoding, readText, type TextFile } from '../lib/csv/text-file.ts'
import { parseAddress } from '../mail/address.ts'
import type { Db } from '../runtime/db/database.ts'
import { bigint, bytes, query, queryColumn, text } from '../runtime/db/query.ts'

/**
 * Deletes the uploaded files that name a reader. A file is one compressed value, so it goes whole: the operator uploads it again, and
 * the import then refuses this reader's address. Call it before the reader's row is emptied.
 */
export async function deleteUploadsNaming(db: Db, subscriberId: number): Promise<void> {
  const files = await queryColumn(db, bigint)`SELECT id FROM reader_imports WHERE file IS NOT NULL`
  if (files.length === 0) return
  const addresses = await queryColumn(db, text)`
    SELECT email FROM subscribers WHERE id = ${subscriberId} AND email IS NOT NULL
    UNION SELECT email FROM address_changes WHERE subscriber_id = ${subscriberId}
    UNION SELECT m.email FROM moved_addresses m JOIN outbox o ON o.id = m.outbox_id WHERE o.subscriber_id = ${subscriberId}`
  const keys = addresses.map(foldedKey)
  // One at a time: each may have 16 MB of text.
  for (const id of files) {
    const [upload] = await query(db, { name: text, file: bytes })`
      SELECT file_name AS name, file FROM reader_imports WHERE id = ${id} AND file IS NOT NULL`
    if (!upload) continue
    const content = await readFolded({ name: upload.name, bytes: await promisify(gunzip)(upload.file) })
    if (keys.some((key) => names(content, key))) await db.execute(sql`DELETE FROM reader_imports WHERE id = ${id}`)
  }
}

const folded = (typed: string): string => typed.normalize('NFC').toLowerCase()

const foldedKey = (email: string): string => folded(parseAddress(email, { utf8: true }).key)

async function readFolded(file: TextFile): Promise<string> {
  let content = ''
  for await (const chunk of readText(file, await detectEncoding(file))) content += chunk
  return folded(content)
}

const LOCAL_PART_LETTER = /[\p{L}\p{M}\p{N}.!#$%&*+/=?^_`{}~-]$/u
const DOMAIN = /[\p{L}\p{M}\p{N}.-]+/uy

/** Returns whether a text has an address with this key. It need not be a valid CSV file: an upload may be any text. */
function names(content: string, key: string): boolean {
  const local = key.slice(0, key.lastIndexOf('@') + 1)
  for (let at = content.indexOf(local); at !== -1; at = content.indexOf(local, at + 1)) {
    DOMAIN.lastIndex = at + local.length
    const domain = DOMAIN.exec(content)?.[0].replace(/[.-]+$/, '')
    if (domain && !LOCAL_PART_LETTER.test(content.slice(Math.max(at - 2, 0), at)) && isKey(local + domain, key))
      return true
  }
  return false
}

function isKey(candidate: string, key: string): boolean {
  try {
    return foldedKey(candidate) === key
  } catch {
    return false
  }
}
