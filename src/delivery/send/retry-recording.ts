import { setTimeout as delay } from 'node:timers/promises'
import type { Services } from '../../runtime/services.ts'

const TRIES = 60
const LONGEST_WAIT_MS = 5_000

/**
 * Writes an outcome down, trying for about five minutes: a mail that left and is not written down would be handed over again.
 * @throws the last error
 */
export async function retryRecording({ log }: Pick<Services, 'log'>, write: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await write()
    } catch (error) {
      if (attempt === TRIES) throw error
      log.warn({ attempt, err: error }, 'outcomes could not be recorded; trying again')
      await delay(Math.min(100 * 2 ** attempt, LONGEST_WAIT_MS))
    }
  }
}
