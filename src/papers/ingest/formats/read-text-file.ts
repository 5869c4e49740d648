import { readFile, stat } from 'node:fs/promises'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { PaperboyError } from '../../../lib/errors.ts'
import { fileProblem } from '../../../lib/file-problem.ts'
import { LIMITS } from '../limits.ts'

const LARGEST = LIMITS.megabytes * 1024 * 1024

/**
 * Reads a text file, gzipped or not. Its first bytes decide, not its name.
 * @throws PaperboyError BAD_IMPORT naming the file
 */
export async function readTextFile(path: string): Promise<string> {
  const bytes = await unpacked(path)
  if (bytes.length === 0) throw badFile(path, 'is empty')
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw badFile(path, 'is not UTF-8 text', cause)
  }
}

async function unpacked(path: string): Promise<Buffer> {
  const tooLarge = `is larger than ${LIMITS.megabytes} MB`
  try {
    const { size } = await stat(path)
    if (size > LARGEST) throw badFile(path, tooLarge)
    const bytes = await readFile(path)
    return bytes[0] === 0x1f && bytes[1] === 0x8b ? await promisify(gunzip)(bytes, { maxOutputLength: LARGEST }) : bytes
  } catch (cause) {
    if (cause instanceof PaperboyError) throw cause
    const { code, message } = cause as NodeJS.ErrnoException
    if (code === 'ERR_BUFFER_TOO_LARGE') throw badFile(path, `${tooLarge} once unpacked`, cause)
    throw badFile(path, fileProblem(cause) ?? `cannot be read: ${message}`, cause)
  }
}

export const badFile = (path: string, what: string, cause?: unknown): PaperboyError =>
  new PaperboyError('BAD_IMPORT', `${path} ${what}.`, { cause })
