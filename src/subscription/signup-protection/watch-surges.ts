import type { Services } from '../../runtime/services.ts'
import { listSurges } from './counts.ts'

/** A surge makes challenges dearer; who asks within this of another need not ask the database. */
const LOOK_EVERY_MS = 5_000

/** Whether sign-ups come in a surge, of all together or for any domain, looked up every few seconds at most. */
export function watchSurges(services: Pick<Services, 'db' | 'config' | 'now'>): { isSurging(): Promise<boolean> } {
  let seen: { surge: Promise<boolean>; until: number } | undefined
  return {
    isSurging() {
      if (!seen || seen.until < performance.now()) {
        const surge = listSurges(services).then((surges) => surges.length > 0)
        // A database that is away makes no challenge dearer.
        seen = { surge: surge.catch(() => false), until: performance.now() + LOOK_EVERY_MS }
      }
      return seen.surge
    },
  }
}
