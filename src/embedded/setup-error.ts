/** A problem of this machine that the operator can fix. The message names the problem and the fix; show it without a stack. */
export class SetupError extends Error {
  override readonly name = 'SetupError'
}

/** Returns an error's code, if it has one: Node's `EACCES`, `ENOENT`, …, or PostgreSQL's `3D000`. */
export function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : undefined
}

/** For `.catch()`: turns a missing file into undefined and rethrows other errors. */
export function ignoreMissing(error: unknown): undefined {
  if (codeOf(error) !== 'ENOENT') throw error
}
