import { bool, queryOne } from '../../runtime/db/query.ts'
import type { Services } from '../../runtime/services.ts'
import { messageIdProof, PROOF_DAYS, type Proof, returnPathIn, subscribersAt } from '../proof.ts'
import { fingerprintOf, type Received, record, type Source } from '../receive.ts'
import type { ProviderEvent } from './provider.ts'

type Deps = Pick<Services, 'db' | 'keys' | 'now'>

/**
 * Records events of a provider whose signature was verified. Our token in an event says whose email it was.
 * Without a token the provider's word counts, as no stranger could have sent it. But only for readers we emailed in
 * the last 35 days: a shared account reports the emails of others too.
 */
export async function receiveEvents(deps: Deps, source: Source, events: readonly ProviderEvent[]): Promise<Received[]> {
  const received: Received[] = []
  for (const event of events) {
    const proof = await proofOf(deps, event)
    const fingerprint = fingerprintOf([source, event.id])
    received.push(await record(deps, { finding: event.finding, proof, source, fingerprint }))
  }
  return received
}

async function proofOf(deps: Deps, { finding, tokens, messageIds }: ProviderEvent): Promise<Proof | undefined> {
  const addresses = finding.recipient ? [finding.recipient] : []
  const own = returnPathIn(deps, tokens) ?? (await messageIdProof(deps, messageIds, addresses))
  if (own) return own
  const [subscriberId] = await subscribersAt(deps.db, addresses)
  if (subscriberId === undefined) return undefined
  return (await wasMailed(deps, subscriberId)) ? { by: 'provider', subscriberId } : undefined
}

async function wasMailed({ db, now }: Deps, subscriberId: number): Promise<boolean> {
  const since = new Date(now().getTime() - PROOF_DAYS * 86_400_000)
  const { mailed } = await queryOne(db, { mailed: bool })`
    SELECT EXISTS (SELECT FROM deliveries WHERE subscriber_id = ${subscriberId} AND handed_at > ${since})
      OR EXISTS (SELECT FROM outbox WHERE subscriber_id = ${subscriberId} AND hand_overs > 0 AND created_at > ${since}) AS mailed`
  return mailed
}
