import { PaperboyError } from '../../lib/errors.ts'
import { fingerprint } from '../../lib/fingerprint.ts'

/**
 * Checks that a form's values are still the stored ones. Call it while the edition is locked.
 *
 * @param seen the fingerprint that the form sent; undefined: change it whatever it is now
 * @throws PaperboyError EDITION_CHANGED
 */
export function checkUnchanged(seen: string | undefined, ...values: readonly unknown[]): void {
  if (seen === undefined || seen === fingerprint(...values)) return
  throw new PaperboyError(
    'EDITION_CHANGED',
    'Another person changed this since you opened the page. Nothing of yours was saved. Look at it as it is now, and repeat your change.',
  )
}
