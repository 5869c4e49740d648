import { refitChance } from '../src/papers/ranking/chance-fits.ts'
import type { Services } from '../src/runtime/services.ts'

/** Job `refit-chance`: fits the model of a paper's chances again, once a month and when there are enough own papers. */
export async function refitChanceJob(services: Services): Promise<void> {
  const papers = await refitChance(services)
  if (papers !== undefined) services.log.info({ papers }, 'chances fitted again')
}
