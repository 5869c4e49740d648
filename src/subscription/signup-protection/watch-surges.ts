import type { Services } from '../../runtime/services.ts'
import { listSurges } from './counts.ts'

/** How long an answer is cached. */
const CACHE_MS = 5_000

/**
 * Returns a check for any current surge, which makes challenges harder. It asks the database every few seconds at
 * most.
 */
export function watchSurges(services: Pick<Services, 'db' | 'config' | 'now'>): { isSurging(): Promise<boolean> } {
  let cached: { surge: Promise<boolean>; until: number } | undefined
  return {
    isSurging() {
      if (!cached || cached.until < performance.now()) {
        const surge = listSurges(services).then((surges) => surges.length > 0)
        // Without the database, challenges stay easy.
        cached = { surge: surge.catch(() => false), until: performance.now() + CACHE_MS }
      }
      return cached.surge
    },
  }
}
