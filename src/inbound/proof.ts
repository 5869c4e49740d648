import { inArray, sql } from 'drizzle-orm'
import { parseAddress } from '../mail/address.ts'
import { createMessageId } from '../mail/headers.ts'
import { readReturnPath } from '../mail/return-path.ts'
import { verifyToken } from '../mail/tokens.ts'
import { subscribers } from '../runtime/db/schema.ts'
import type { Services } from '../runtime/services.ts'
import type { Finding } from './classify.ts'
import { addressesIn } from './fields.ts'
import type { Headers, InboundMail } from './read-mail.ts'

type Deps = Pick<Services, 'db' | 'keys' | 'now'>

/**
 * Whose mail came back, and what shows it. `return path` and `message id` are known to whoever handled that very mail;
 * `unsubscribe link` travels with every forwarded digest, so that it may do no more than its link: let the reader leave.
 * `provider` is the word of a relay whose signature was checked, about somebody we gave it a mail for.
 */
export interface Proof {
  by: 'return path' | 'message id' | 'unsubscribe link' | 'provider'
  subscriberId: number
  /** which mail it was, where that is known */
  mail?: { kind: 'digest' | 'service'; reference: number } | undefined
}

const MOST_CANDIDATES = 20
/** A report about an older mail decides nothing any more; design: the ledger remembers 35 days. */
export const MEMORY_DAYS = 35

/** The strongest proof in a mail, or undefined: then it changes nothing, whatever it says. */
export async function proofIn(
  deps: Deps,
  mail: InboundMail,
  findings: readonly Finding[],
  envelopeTo: readonly string[],
): Promise<Proof | undefined> {
  const returned = returnPathIn(deps, [...envelopeTo, ...addressesOf(mail.headers), ...returnedAddresses(mail)])
  if (returned) return returned
  const links = linksIn(deps, mail)
  const named = [...findings.flatMap(({ recipient }) => recipient ?? []), ...returnedAddresses(mail)]
  const byMessage = await messageIdProof(deps, messageIdsIn(mail), named, links)
  if (byMessage) return byMessage
  const [subscriberId] = links
  return subscriberId === undefined ? undefined : { by: 'unsubscribe link', subscriberId }
}

/** An envelope sender of ours among addresses: its signed code says whose mail it was. */
export function returnPathIn({ keys }: Pick<Deps, 'keys'>, addresses: readonly string[]): Proof | undefined {
  for (const address of addresses) {
    const returned = readReturnPath(keys, address)
    if (!returned) continue
    const { subscriberId, mail, reference } = returned
    return { by: 'return path', subscriberId, mail: { kind: mail, reference } }
  }
  return undefined
}

/**
 * Whether one of these Message-IDs is of a mail that we handed over to one of these subscribers. A Message-ID is a hash over its
 * edition's random key and the subscriber, so it cannot be read backwards: the addresses say where to look, and only a match of the
 * hash counts.
 */
export async function messageIdProof(
  { db, now }: Pick<Deps, 'db' | 'now'>,
  messageIds: readonly string[],
  addresses: readonly string[],
  subscriberIds: readonly number[] = [],
): Promise<Proof | undefined> {
  const wanted = new Set(messageIds.flatMap((id) => /([0-9a-f]{32})@/i.exec(id)?.[1]?.toLowerCase() ?? []))
  if (wanted.size === 0) return undefined
  const candidates = [...new Set([...subscriberIds, ...(await subscribersAt(db, addresses))])].slice(0, MOST_CANDIDATES)
  if (candidates.length === 0) return undefined
  const since = new Date(now().getTime() - MEMORY_DAYS * 86_400_000)
  const { rows } = await db.execute<{
    kind: 'digest' | 'service'
    reference: string
    subscriber_id: string
    key: Buffer
  }>(sql`
    SELECT 'digest' AS kind, e.id AS reference, d.subscriber_id, e.message_key AS key
    FROM deliveries d JOIN editions e ON e.id = d.edition_id
    WHERE d.subscriber_id = ANY (${sql.param(candidates)}::bigint[]) AND d.handed_at > ${since}
    UNION ALL
    SELECT 'service', o.id, o.subscriber_id, o.message_key FROM outbox o
    WHERE o.subscriber_id = ANY (${sql.param(candidates)}::bigint[]) AND o.hand_overs > 0 AND o.created_at > ${since}
      -- It went to an address that is not the reader's yet.
      AND o.kind <> 'change'`)
  for (const row of rows) {
    const subscriberId = Number(row.subscriber_id)
    const reference = Number(row.reference)
    // 128 bits of a keyed hash that the sender of this mail chose beforehand: there is nothing to learn from how long this takes.
    if (!wanted.has(createMessageId(row.key, row.kind === 'digest' ? subscriberId : reference))) continue
    return { by: 'message id', subscriberId, mail: { kind: row.kind, reference } }
  }
  return undefined
}

/** The subscribers with one of these addresses. */
export async function subscribersAt(db: Deps['db'], addresses: readonly string[]): Promise<number[]> {
  const keys = addresses.slice(0, 100).flatMap((address) => keyOf(address) ?? [])
  if (keys.length === 0) return []
  const found = await db.select({ id: subscribers.id }).from(subscribers).where(inArray(subscribers.emailKey, keys))
  return found.map(({ id }) => id)
}

function keyOf(address: string): string | undefined {
  try {
    return parseAddress(address, { utf8: true }).key
  } catch {
    return undefined
  }
}

const addressesOf = (headers: Headers): string[] => addressesIn([...headers.values()].flat().join('\n'))

/** Addresses in what came back: the report's fields and the returned header. */
const returnedAddresses = ({ reports, original }: InboundMail): string[] => [
  ...reports.flatMap(({ text }) => addressesIn(text)),
  ...(original ? addressesOf(original.headers) : []),
]

const messageIdsIn = ({ headers, reports, original }: InboundMail): string[] => [
  ...['in-reply-to', 'references'].flatMap((name) => headers.get(name) ?? []),
  ...(original?.headers.get('message-id') ?? []),
  ...reports.flatMap(({ text }) => text.match(/^(?:X-)?Original-Message-ID:.*$/gim) ?? []),
]

const MOST_TOKENS = 20

/** Whose unsubscribe tokens stand in a mail: in its subject, its text, or the header that came back. */
function linksIn({ keys }: Pick<Deps, 'keys'>, mail: InboundMail): number[] {
  const places = [
    mail.subject,
    mail.text,
    ...(mail.headers.get('to') ?? []),
    ...(mail.original?.headers.get('list-unsubscribe') ?? []),
  ]
  const tokens = places.join('\n').match(/[A-Za-z0-9_-]{35,46}/g) ?? []
  const known = tokens.slice(0, MOST_TOKENS).flatMap((token) => {
    try {
      return verifyToken(keys, 'unsubscribe', token).subscriberId
    } catch {
      return []
    }
  })
  return [...new Set(known)]
}
