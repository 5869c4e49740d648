/** Something on this machine that the operator can put right: the message says what and how, in plain words, safe to show without a stack. */
export class SetupError extends Error {
  override readonly name = 'SetupError'
}

/** The system's code of an error (`EACCES`, `ENOENT`, …, or PostgreSQL's `3D000`), if it has one. */
export function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : undefined
}

/** For `.catch()`: a file that is not there reads as undefined, any other trouble stays an error. */
export function absent(error: unknown): undefined {
  if (codeOf(error) !== 'ENOENT') throw error
}
