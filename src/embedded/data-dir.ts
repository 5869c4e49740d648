import { constants } from 'node:fs'
import { access, mkdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import { codeOf, SetupError } from './setup-error.ts'

/**
 * Creates the data folder if it is missing.
 *
 * @returns its absolute path
 * @throws SetupError with the path and what to do, when the folder cannot be created or written
 */
export async function openDataDir(dataDir: string): Promise<string> {
  const path = resolve(dataDir)
  try {
    await mkdir(path, { recursive: true })
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK)
    return path
  } catch (error) {
    throw new SetupError(`Paperboy cannot use ${path} as its data folder: ${reason(error)}`, { cause: error })
  }
}

function reason(error: unknown): string {
  const elsewhere = 'set DATA_DIR to another folder.'
  switch (codeOf(error)) {
    case 'EEXIST':
    case 'ENOTDIR':
      return `a file is in the way. Remove it, or ${elsewhere}`
    case 'EACCES':
    case 'EPERM':
      return `this user${process.getuid ? ` (uid ${process.getuid()})` : ''} may not write there. Change its owner or mode, or ${elsewhere}`
    case 'EROFS':
      return `the file system is mounted read-only. Mount it writable, or ${elsewhere}`
    default:
      return `${error instanceof Error ? error.message : error}. Fix that, or ${elsewhere}`
  }
}
