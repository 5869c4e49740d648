import type { Services } from '../../runtime/services.ts'
import { countRejected, listSurges, type Surge } from './counts.ts'

interface SignUpReport {
  surges: Surge[]
  /** sign-ups refused within the last day */
  refused: number
  /** sign-ups within the last day that filled the honeypot */
  trapped: number
}

/** Returns surges and refused sign-ups, for operators. */
export const reportSignUps = async (services: Pick<Services, 'db' | 'config' | 'now'>): Promise<SignUpReport> => ({
  surges: await listSurges(services),
  ...(await countRejected(services)),
})

/** "surge for example.org (180 in ten minutes, limit 100): suspicious sign-ups rejected, emails slowed down" */
export function describeSignUps({ surges, refused, trapped }: SignUpReport): string {
  const today = (count: number, what: string) => (count > 0 ? `; ${count.toLocaleString('en')} ${what} today` : '')
  const rejected = today(refused, 'rejected') + today(trapped, 'caught by the trap')
  if (surges.length === 0) return `no surge${rejected}`
  const named = surges.map(
    ({ domain, count, limit }) => `${domain ?? 'all domains'} (${count} in ten minutes, limit ${Math.round(limit)})`,
  )
  return `surge for ${named.join(', ')}: suspicious sign-ups rejected, emails slowed down${rejected}`
}
