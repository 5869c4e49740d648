import { inArray, sql } from 'drizzle-orm'
import { z } from 'zod'
import { parseAddress } from '../mail/address.ts'
import { createMessageId } from '../mail/message-id.ts'
import { readReturnPath } from '../mail/return-path.ts'
import { verifyToken } from '../mail/tokens.ts'
import { bigint, bytes, query } from '../runtime/db/query.ts'
import { subscribers } from '../runtime/db/schema.ts'
import type { Services } from '../runtime/services.ts'
import { addressesIn } from './fields.ts'
import type { Finding } from './finding.ts'
import type { Headers, InboundMail } from './read-mail.ts'

type Deps = Pick<Services, 'db' | 'keys' | 'now'>

/**
 * Whose email came back, and the evidence. `return path` and `message id` are known only to systems that handled that
 * email.
 * `unsubscribe link` is in every forwarded digest, so it may only unsubscribe the reader.
 * `provider` is a relay's verified webhook about a reader whose email we gave it.
 */
export interface Proof {
  by: 'return path' | 'message id' | 'unsubscribe link' | 'provider'
  subscriberId: number
  /** the email it is about, if known */
  mail?: { kind: 'digest' | 'service'; reference: number } | undefined
}

const MAX_CANDIDATES = 20
/** Reports about older emails decide nothing: the ledger keeps 35 days. */
export const PROOF_DAYS = 35

/** Returns the strongest proof in a message. Without one (undefined) the message changes nothing. */
export async function findProof(
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

/** Finds our envelope sender among addresses: its signed code names the email. */
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
 * Finds an email that we sent to one of these subscribers under one of these Message-IDs.
 * A Message-ID is a hash over the edition's random key and the subscriber, so it cannot be reversed. The addresses
 * say where to look; only a matching hash counts.
 */
export async function messageIdProof(
  { db, now }: Pick<Deps, 'db' | 'now'>,
  messageIds: readonly string[],
  addresses: readonly string[],
  subscriberIds: readonly number[] = [],
): Promise<Proof | undefined> {
  const wanted = new Set(messageIds.flatMap((id) => /([0-9a-f]{32})@/i.exec(id)?.[1]?.toLowerCase() ?? []))
  if (wanted.size === 0) return undefined
  const candidates = [...new Set([...subscriberIds, ...(await subscribersAt(db, addresses))])].slice(0, MAX_CANDIDATES)
  if (candidates.length === 0) return undefined
  const since = new Date(now().getTime() - PROOF_DAYS * 86_400_000)
  const columns = { kind: z.enum(['digest', 'service']), reference: bigint, subscriberId: bigint, key: bytes }
  const emails = await query(db, columns)`
    SELECT 'digest' AS kind, e.id AS reference, d.subscriber_id, e.message_key AS key
    FROM deliveries d JOIN editions e ON e.id = d.edition_id
    WHERE d.subscriber_id = ANY (${sql.param(candidates)}::bigint[]) AND d.handed_at > ${since}
    UNION ALL
    SELECT 'service', o.id, o.subscriber_id, o.message_key FROM outbox o
    WHERE o.subscriber_id = ANY (${sql.param(candidates)}::bigint[]) AND o.hand_overs > 0 AND o.created_at > ${since}
      -- This one went to an address that is not the reader's yet.
      AND o.kind <> 'change'`
  for (const { kind, reference, subscriberId, key } of emails) {
    // A keyed hash of 128 bits, chosen by the sender beforehand: its comparison time reveals nothing.
    if (!wanted.has(createMessageId(key, kind === 'digest' ? subscriberId : reference))) continue
    return { by: 'message id', subscriberId, mail: { kind, reference } }
  }
  return undefined
}

/** Returns the subscribers with one of these addresses. */
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

/** Returns addresses in the report fields and the returned header. */
const returnedAddresses = ({ reports, original }: InboundMail): string[] => [
  ...reports.flatMap(({ text }) => addressesIn(text)),
  ...(original ? addressesOf(original.headers) : []),
]

const messageIdsIn = ({ headers, reports, original }: InboundMail): string[] => [
  ...['in-reply-to', 'references'].flatMap((name) => headers.get(name) ?? []),
  ...(original?.headers.get('message-id') ?? []),
  ...reports.flatMap(({ text }) => text.match(/^(?:X-)?Original-Message-ID:.*$/gim) ?? []),
]

const MAX_TOKENS = 20
const ANY_TOKEN = /[A-Za-z0-9_-]{35,46}/g
const LINKED_TOKEN = /(?<=unsubscribe\/)[A-Za-z0-9_-]{35}/g

/** Returns the subscribers of unsubscribe tokens in the subject, the text, and the links of the returned or quoted email. */
function linksIn({ keys }: Pick<Deps, 'keys'>, mail: InboundMail): number[] {
  const places = [
    mail.subject,
    mail.text,
    ...(mail.headers.get('to') ?? []),
    ...(mail.original?.headers.get('list-unsubscribe') ?? []),
  ]
  const text = places.join('\n')
  const linked = withLinksRestored(`${text}\n${mail.original?.text ?? ''}`).flatMap(
    (each) => each.match(LINKED_TOKEN) ?? [],
  )
  const tokens = [...new Set([...linked, ...(text.match(ANY_TOKEN) ?? [])])]
  const known = tokens.slice(0, MAX_TOKENS).flatMap((token) => {
    try {
      return verifyToken(keys, 'unsubscribe', token).subscriberId
    } catch {
      return []
    }
  })
  return [...new Set(known)]
}

/**
 * Returns a text as it is, and with links as they were before a scanner of email rewrote them: percent-encoded (Microsoft,
 * Barracuda), or with `-` and `_` for `%` and `/` (Proofpoint).
 */
const withLinksRestored = (text: string): string[] => [
  text,
  percentDecoded(text),
  percentDecoded(text.replaceAll('-', '%').replaceAll('_', '/')),
]

const percentDecoded = (text: string): string =>
  text.replace(/%([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
