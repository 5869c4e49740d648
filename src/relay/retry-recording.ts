import { setTimeout as delay } from 'node:timers/promises'
import type { Services } from '../runtime/services.ts'

const TRIES = 60
const LONGEST_WAIT_MS = 5_000

/**
 * Retries a write of outcomes for about five minutes: an email that was sent but not recorded would be sent again.
 * @throws the last error
 */
export async function retryRecording({ log }: Pick<Services, 'log'>, write: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await write()
    } catch (error) {
      if (attempt === TRIES) throw error
      log.warn({ attempt, err: error }, 'could not record outcomes; trying again')
      await delay(Math.min(100 * 2 ** attempt, LONGEST_WAIT_MS))
    }
  }
}
