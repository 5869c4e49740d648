import { countDeliverability } from '../src/operate/deliverability.ts'
import { countInterest } from '../src/papers/votes/interest.ts'
import type { Services } from '../src/runtime/services.ts'
import { countReaders } from '../src/subscription/count-readers.ts'

/** Job `count-sums`: the sums over all readers, votes and deliveries that admin pages show. */
export async function countSumsJob(services: Services): Promise<void> {
  await countReaders(services)
  await countInterest(services)
  await countDeliverability(services)
}
