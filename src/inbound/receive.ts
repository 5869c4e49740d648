import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { eq, sql } from 'drizzle-orm'
import { redact } from '../lib/redact.ts'
import { hashOfAddress } from '../mail/address.ts'
import { unsubscribeAddress } from '../mail/own-addresses.ts'
import { inboundEvents, subscribers } from '../runtime/db/schema.ts'
import type { Services } from '../runtime/services.ts'
import { applyFinding, type InboundAction } from './apply-finding.ts'
import { isMarkedAutomatic } from './auto-reply.ts'
import { classify } from './classify.ts'
import { addressesIn } from './fields.ts'
import type { Finding } from './finding.ts'
import { findProof, type Proof, returnPathIn } from './proof.ts'
import { headerOf, type InboundMail, readMail } from './read-mail.ts'

type Deps = Pick<Services, 'db' | 'config' | 'keys' | 'now'>

export type Source = 'command' | 'imap' | 'smtp' | 'ses' | 'postmark' | 'sendgrid' | 'mailgun' | 'resend'

export interface Received {
  class: string
  reason: string
  /** the proof in the message; undefined if none, and then nothing changed */
  authority: Proof['by'] | undefined
  action: InboundAction
  /** the same report was received before and is not counted again */
  repeated: boolean
}

export interface ReceivedMail extends Received {
  /** a person should read it: a person wrote it and it changed nothing, or nothing shows what it is */
  forPeople: boolean
}

/** Bytes of a raw message kept as evidence: the report, and the returned header. */
const STORED_BYTES = 64 * 1024

/**
 * Receives one message: parses and classifies it, looks for a proof that it concerns an email of ours, and applies
 * the result.
 * Safe to repeat, by any channel.
 *
 * @param arrived.envelopeTo recipients in the SMTP envelope, if known
 * @throws the database's error, with nothing changed: the caller must deliver the message again
 */
export async function receiveMail(
  deps: Deps,
  raw: Buffer,
  arrived: { source: Source; envelopeTo?: readonly string[] },
): Promise<ReceivedMail> {
  const mail = await readMail(raw)
  const envelopeTo = arrived.envelopeTo ?? []
  const recipients = recipientsOf(mail, envelopeTo)
  const toReturnPath = returnPathIn(deps, recipients) !== undefined
  const findings = classify(mail, {
    toUnsubscribeAddress: isUnsubscribeAddress(deps.config, recipients),
    toReturnPath,
  })
  const proof = await findProof(deps, mail, findings, envelopeTo)
  const finding = await findingOf(deps, findings, proof)
  const { class: kind, reason } = finding
  // A letter is not stored, also where it proves which email it answers.
  if (kind === 'ignore' && !toReturnPath)
    return { class: kind, reason, authority: proof?.by, action: 'nothing', repeated: false, forPeople: true }
  const received = await record(deps, {
    finding,
    proof,
    source: arrived.source,
    // Include the proven subscriber: a copy without proof must not block one with proof.
    fingerprint: fingerprintOf([fingerprintParts(mail), proof?.subscriberId ?? 0]),
    raw: proof && { bytes: gzipSync(raw.subarray(0, STORED_BYTES)), mentions: hashMentions(deps, mail) },
  })
  const namesNoReader = kind === 'unsubscribe' && !proof
  const hasNewAddress = kind === 'moved' && !isMarkedAutomatic(mail)
  return { ...received, forPeople: namesNoReader || hasNewAddress }
}

const TO_HEADERS = ['to', 'cc', 'delivered-to', 'x-original-to', 'envelope-to']

const recipientsOf = ({ headers }: InboundMail, envelopeTo: readonly string[]): string[] =>
  addressesIn([...envelopeTo, ...TO_HEADERS.flatMap((name) => headers.get(name) ?? [])].join(' '))

/**
 * Without BOUNCE_ADDRESS, requests come to the sender's mailbox, where people write about anything: then the text
 * decides.
 */
const isUnsubscribeAddress = (config: Deps['config'], recipients: readonly string[]): boolean =>
  config.BOUNCE_ADDRESS !== undefined && recipients.includes(unsubscribeAddress(config).toLowerCase())

/** A report to record, from any channel. */
export interface Report {
  finding: Finding
  proof: Proof | undefined
  source: Source
  fingerprint: Buffer
  raw?: { bytes: Buffer; mentions: Buffer[] } | undefined
}

const REASON_LENGTH = 100

/** Records a report and applies it in one transaction. */
export async function record({ db, now }: Pick<Deps, 'db' | 'now'>, report: Report): Promise<Received> {
  const { finding, proof, source, fingerprint, raw } = report
  const kind = finding.delayed ? 'delayed' : finding.class
  // A report may have anything in its fields, such as an address, or a NUL that no column takes.
  const reason = redact(finding.reason).slice(0, REASON_LENGTH)
  const status = finding.status && redact(finding.status).slice(0, REASON_LENGTH)
  const received = {
    class: kind,
    reason,
    authority: proof?.by,
    action: 'nothing' as InboundAction,
    repeated: false,
  }
  return db.transaction(async (tx) => {
    const [event] = await tx
      .insert(inboundEvents)
      .values({
        receivedAt: now(),
        source,
        fingerprint,
        class: kind,
        reason,
        authority: proof?.by ?? null,
        subscriberId: proof?.subscriberId ?? null,
        editionId: proof?.mail?.kind === 'digest' ? proof.mail.reference : null,
        action: received.action,
        status: status ?? null,
        reply: finding.reply ?? null,
        evidence: kind === 'hard' || kind === 'soft' || kind === 'delayed' ? redact(finding.diagnostic) : '',
        // Bind in the driver: drizzle would write the bytes into the text of an array.
        mentions: sql`${sql.param(raw?.mentions ?? [])}::bytea[]`,
        raw: raw?.bytes ?? null,
      })
      .onConflictDoNothing()
      .returning({ id: inboundEvents.id })
    if (!event) return { ...received, repeated: true }
    if (!proof) return received
    const action = await applyFinding(tx, finding, proof, now())
    await tx.update(inboundEvents).set({ action }).where(eq(inboundEvents.id, event.id))
    return { ...received, action }
  })
}

/**
 * Returns the finding about the reader. Each email of ours has one recipient; another is where their mailbox passed it on. That one is
 * dead, which says little about the reader's: behind list@ are others who still read. Its hard bounce counts as a soft one.
 */
async function findingOf({ db }: Pick<Deps, 'db'>, findings: readonly Finding[], proof: Proof | undefined) {
  const [first] = findings as [Finding]
  if (!proof) return first
  const [reader] = await db
    .select({ key: subscribers.emailKey })
    .from(subscribers)
    .where(eq(subscribers.id, proof.subscriberId))
  if (!reader?.key) return first
  const isReader = ({ recipient }: Finding) => recipient === reader.key
  const mayBeReader = ({ recipient }: Finding) =>
    recipient === undefined || personAt(recipient) === personAt(reader.key!)
  const own = findings.find(isReader) ?? findings.find(mayBeReader)
  return own ?? (first.class === 'hard' ? { ...first, class: 'soft' as const } : first)
}

/** Returns what mail servers keep of an address when they rename its host or drop its tag. */
const personAt = (address: string): string => address.slice(0, address.lastIndexOf('@')).replace(/\+.*$/, '')

export function fingerprintOf(parts: readonly unknown[]): Buffer {
  return createHash('sha256').update(JSON.stringify(parts)).digest()
}

/** Returns the parts that all copies of a message share; servers add other lines on the way. */
const fingerprintParts = ({ headers, text, reports, original }: InboundMail): unknown[] => [
  ...['from', 'to', 'date', 'subject', 'message-id'].map((name) => headerOf(headers, name)),
  text.trimEnd(),
  reports.map((report) => report.text.trimEnd()),
  original?.text.slice(0, 8000).trimEnd(),
]

/** Returns keyed hashes of the addresses in a message, so that erasure finds stored copies. */
function hashMentions({ config }: Pick<Deps, 'config'>, { headers, text, reports, original }: InboundMail): Buffer[] {
  const all = [...headers.values(), ...(original?.headers.values() ?? [])].flat().join('\n')
  const addresses = addressesIn([all, text, ...reports.map((report) => report.text)].join('\n'))
  return addresses.flatMap((address) => {
    try {
      return hashOfAddress(config.SUPPRESSION_KEY, address)
    } catch {
      return []
    }
  })
}
