/** The system’s errors about files and folders, in words that continue a path. */
const PROBLEMS: Record<string, string> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist: a part of its path is a file',
  EISDIR: 'is a folder; name a file',
  EEXIST: 'is there already',
  ELOOP: 'is a link that leads to itself',
  EACCES: 'cannot be opened: this user has no permission',
  EPERM: 'cannot be opened: this user has no permission',
  EROFS: 'cannot be written: its disk is read-only',
  ENOSPC: 'cannot be written: its disk is full',
}

/** Returns the system's error about a file in words that continue its path, or undefined for any other error. */
export const fileProblem = (error: unknown): string | undefined => PROBLEMS[(error as { code?: string }).code ?? '']
