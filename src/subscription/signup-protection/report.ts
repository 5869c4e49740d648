import type { Services } from '../../runtime/services.ts'
import { countRejected, listSurges, type Surge } from './counts.ts'

interface SignUpReport {
  surges: Surge[]
  /** sign-ups that were turned away within the last day */
  refused: number
  /** sign-ups within the last day that filled in what people do not see */
  trapped: number
}

/** What the armour sees, for the operator. */
export const reportSignUps = async (services: Pick<Services, 'db' | 'config' | 'now'>): Promise<SignUpReport> => ({
  surges: await listSurges(services),
  ...(await countRejected(services)),
})

/** "a surge for example.org (180 in ten minutes, 100 is the limit): only sign-ups with proof of work are taken" */
export function describeSignUps({ surges, refused, trapped }: SignUpReport): string {
  const today = (count: number, what: string) => (count > 0 ? `; ${count.toLocaleString('en')} ${what} today` : '')
  const caught = today(refused, 'rejected') + today(trapped, 'caught by the trap')
  if (surges.length === 0) return `no surge${caught}`
  const named = surges.map(
    ({ domain, count, limit }) => `${domain ?? 'all domains'} (${count} in ten minutes, limit ${Math.round(limit)})`,
  )
  return `surge for ${named.join(', ')}: suspicious sign-ups rejected, emails slowed down${caught}`
}
