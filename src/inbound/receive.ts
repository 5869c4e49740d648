import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { eq, sql } from 'drizzle-orm'
import { redact } from '../lib/redact.ts'
import { addressHash, parseAddress } from '../mail/address.ts'
import { unsubscribeAddress } from '../mail/own-addresses.ts'
import { inboundEvents, subscribers } from '../runtime/db/schema.ts'
import type { Services } from '../runtime/services.ts'
import { act, type Did } from './act.ts'
import { classify, type Finding } from './classify.ts'
import { addressesIn } from './fields.ts'
import { type Proof, proofIn } from './proof.ts'
import { headerOf, type InboundMail, readMail } from './read-mail.ts'

type Deps = Pick<Services, 'db' | 'config' | 'keys' | 'now'>

export type Source = 'command' | 'imap' | 'smtp' | 'ses' | 'postmark' | 'sendgrid' | 'mailgun' | 'resend'

export interface Received {
  class: string
  reason: string
  /** what verified in it; undefined where nothing did, and nothing was changed */
  authority: Proof['by'] | undefined
  did: Did
  /** the same report was here before and was not counted again */
  repeated: boolean
}

/** As much of a raw mail as is kept for evidence: the report, and the header of what was returned. */
const KEPT_BYTES = 64 * 1024

/**
 * Takes one mail in: reads and classifies it, looks for a proof that it is about a mail of ours, and does what the two together
 * allow. Harmless to repeat, by whatever ways the same mail arrives.
 *
 * @param arrived.envelopeTo whom the SMTP envelope named, where the way it came still knows
 * @throws the database's error, with nothing changed: then the mail is to be brought again
 */
export async function receiveMail(
  deps: Deps,
  raw: Buffer,
  arrived: { source: Source; envelopeTo?: readonly string[] },
): Promise<Received> {
  const mail = await readMail(raw)
  const envelopeTo = arrived.envelopeTo ?? []
  const findings = classify(mail, { toUnsubscribeAddress: isToUnsubscribeAddress(deps.config, mail, envelopeTo) })
  const proof = await proofIn(deps, mail, findings, envelopeTo)
  const finding = await findingOf(deps, findings, proof)
  return record(deps, {
    finding,
    proof,
    source: arrived.source,
    // Whom it proves to be about is part of it: a copy that proves nothing must not stand in the way of one that does.
    fingerprint: fingerprintOf([sameMail(mail), proof?.subscriberId ?? 0]),
    raw: proof && { bytes: gzipSync(raw.subarray(0, KEPT_BYTES)), mentions: mentionsIn(deps, mail) },
  })
}

const TO_HEADERS = ['to', 'cc', 'delivered-to', 'x-original-to', 'envelope-to']

/** Without BOUNCE_ADDRESS, requests come to the sender's own mailbox, where people write about anything: then their words decide. */
function isToUnsubscribeAddress(
  config: Deps['config'],
  { headers }: InboundMail,
  envelopeTo: readonly string[],
): boolean {
  const named = addressesIn([...envelopeTo, ...TO_HEADERS.flatMap((name) => headers.get(name) ?? [])].join(' '))
  return config.BOUNCE_ADDRESS !== undefined && named.includes(unsubscribeAddress(config).toLowerCase())
}

/** What is to be recorded of a report, whichever way it came. */
export interface Report {
  finding: Finding
  proof: Proof | undefined
  source: Source
  fingerprint: Buffer
  raw?: { bytes: Buffer; mentions: Buffer[] } | undefined
}

/** Records a report and does what follows from it, both or neither. What is no report and proves nothing is not kept. */
export async function record({ db, now }: Pick<Deps, 'db' | 'now'>, report: Report): Promise<Received> {
  const { finding, proof, source, fingerprint, raw } = report
  const kind = finding.delayed ? 'delayed' : finding.class
  const received = { class: kind, reason: finding.reason, authority: proof?.by, did: 'nothing' as Did, repeated: false }
  if (!proof && kind === 'ignore') return received
  return db.transaction(async (tx) => {
    const [event] = await tx
      .insert(inboundEvents)
      .values({
        receivedAt: now(),
        source,
        fingerprint,
        class: kind,
        reason: finding.reason.slice(0, 100),
        authority: proof?.by ?? null,
        subscriberId: proof?.subscriberId ?? null,
        editionId: proof?.mail?.kind === 'digest' ? proof.mail.reference : null,
        did: received.did,
        status: finding.status ?? null,
        reply: finding.reply ?? null,
        evidence: kind === 'hard' || kind === 'soft' || kind === 'delayed' ? redact(finding.said) : '',
        // Bound by the driver: drizzle would write the bytes into the text of an array.
        mentions: sql`${sql.param(raw?.mentions ?? [])}::bytea[]`,
        raw: raw?.bytes ?? null,
      })
      .onConflictDoNothing()
      .returning({ id: inboundEvents.id })
    if (!event) return { ...received, repeated: true }
    if (!proof) return received
    const did = await act(tx, finding, proof, now())
    await tx.update(inboundEvents).set({ did }).where(eq(inboundEvents.id, event.id))
    return { ...received, did }
  })
}

/** Which of several recipients' findings is about the reader: every mail of ours has one, so another is where it was forwarded to. */
async function findingOf({ db }: Pick<Deps, 'db'>, findings: readonly Finding[], proof: Proof | undefined) {
  if (findings.length === 1 || !proof) return findings[0]!
  const [reader] = await db
    .select({ key: subscribers.emailKey })
    .from(subscribers)
    .where(eq(subscribers.id, proof.subscriberId))
  return findings.find(({ recipient }) => recipient !== undefined && recipient === reader?.key) ?? findings[0]!
}

export function fingerprintOf(parts: readonly unknown[]): Buffer {
  return createHash('sha256').update(JSON.stringify(parts)).digest()
}

/** What is the same in every copy of a mail; the lines that servers add on its way are not. */
const sameMail = ({ headers, text, reports, original }: InboundMail): unknown[] => [
  ...['from', 'to', 'date', 'subject', 'message-id'].map((name) => headerOf(headers, name)),
  text.trimEnd(),
  reports.map((report) => report.text.trimEnd()),
  original?.text.slice(0, 8000).trimEnd(),
]

/** Keyed hashes of the addresses in a mail, by which erasing someone finds what is kept of it. */
function mentionsIn({ config }: Pick<Deps, 'config'>, { headers, text, reports, original }: InboundMail): Buffer[] {
  const all = [...headers.values(), ...(original?.headers.values() ?? [])].flat().join('\n')
  const addresses = addressesIn([all, text, ...reports.map((report) => report.text)].join('\n'))
  return addresses.flatMap((address) => {
    try {
      return addressHash(config.SUPPRESSION_KEY, parseAddress(address, { utf8: true }).key)
    } catch {
      return []
    }
  })
}
