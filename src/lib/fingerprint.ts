import { createHash } from 'node:crypto'

/** Returns a short fingerprint of the values that a form shows. The form sends it back, so that a change in between is noticed. */
export const fingerprint = (...values: readonly unknown[]): string =>
  createHash('sha256').update(JSON.stringify(values)).digest('base64url').slice(0, 12)
