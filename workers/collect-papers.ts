import { collect } from '../src/papers/collect.ts'
import { dayOf, daysLater } from '../src/papers/days.ts'
import type { Source } from '../src/papers/sources/source.ts'
import type { Services } from '../src/services.ts'

/** Job `collect-papers`: reads today's and yesterday's list from every source; one that is out of reach is logged and tried at the next tick. */
export async function collectPapersJob(services: Services, sources: readonly Source[]): Promise<void> {
  const today = dayOf(services.now())
  for (const day of [today, daysLater(today, -1)]) await collectDay(services, sources, day)
}

export async function collectDay(services: Services, sources: readonly Source[], day: string): Promise<void> {
  for (const source of sources) {
    await collect({ ...services, source }, day).catch((error) =>
      services.log.warn({ source: source.name, day, reason: error.message }, 'papers could not be collected'),
    )
  }
}
