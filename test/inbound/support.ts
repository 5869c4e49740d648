import { sql } from 'drizzle-orm'
import { createMessageId } from '../../src/mail/message-id.ts'
import { returnPath } from '../../src/mail/return-path.ts'
import { mintToken } from '../../src/mail/tokens.ts'
import type { Db } from '../../src/runtime/db/database.ts'
import type { Services } from '../../src/runtime/services.ts'
import { NOON } from '../support/services.ts'

export const BOUNCES = { BOUNCE_ADDRESS: 'bounce+*@paperboy.example' }

/** A digest sent to a reader on a day, with everything that may prove it later. */
export async function handedDigest(services: Services, subscriberId: number, day: string, state = 'accepted') {
  const { db, keys, config } = services
  const at = new Date(`${day}T08:00:00Z`)
  const key = Buffer.from(`edition key of ${day}`)
  const { rows } = await db.execute<{ id: string }>(sql`
    INSERT INTO editions (kind, date, closes_at, release_at, assembled_at, released_at, message_key)
    VALUES ('daily', ${day}, ${at}, ${at}, ${at}, ${at}, ${key})
    ON CONFLICT (kind, date) DO UPDATE SET subject = NULL RETURNING id`)
  const editionId = Number(rows[0]!.id)
  await db.execute(sql`SELECT ensure_delivery_partition(${editionId})`)
  await db.execute(sql`
    INSERT INTO deliveries (edition_id, subscriber_id, batch_id, state, expires_at, hand_overs, handed_at, settled_at)
    VALUES (${editionId}, ${subscriberId}, 1, ${state}, ${at}, 1, ${at}, ${at})`)
  return {
    editionId,
    returnPath: returnPath({ config, keys }, { subscriberId, mail: 'digest', reference: editionId }),
    messageId: `<${createMessageId(key, subscriberId)}@paperboy.example>`,
    unsubscribeToken: mintToken(keys, 'unsubscribe', subscriberId, NOON),
  }
}

/** A delivery report in Postfix's format. */
export function bounceMail(given: {
  to: string
  recipient: string
  status?: string
  said?: string
  action?: string
  messageId?: string
  returned?: string
  id?: string
}): Buffer {
  const { to, recipient, status = '5.1.1', said = '550 5.1.1 User unknown', action = 'failed', id = 'report-1' } = given
  return Buffer.from(
    [
      'Return-Path: <>',
      `Delivered-To: ${to}`,
      'Received: by mx.example.net; Wed, 15 Apr 2026 10:00:00 +0000',
      'From: MAILER-DAEMON@mx.example.net (Mail Delivery System)',
      `To: ${to}`,
      'Subject: Undelivered Mail Returned to Sender',
      `Message-ID: <${id}@mx.example.net>`,
      'Auto-Submitted: auto-replied',
      'MIME-Version: 1.0',
      'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
      '',
      '--b',
      'Content-Type: text/plain',
      '',
      `<${recipient}>: host mx.example.net said: ${said}`,
      '',
      '--b',
      'Content-Type: message/delivery-status',
      '',
      'Reporting-MTA: dns; mx.example.net',
      '',
      `Final-Recipient: rfc822; ${recipient}`,
      `Action: ${action}`,
      `Status: ${status}`,
      `Diagnostic-Code: smtp; ${said}`,
      '',
      '--b',
      'Content-Type: message/rfc822',
      '',
      'From: Paperboy <papers@paperboy.example>',
      `To: ${recipient}`,
      ...(given.messageId ? [`Message-ID: ${given.messageId}`] : []),
      'Subject: Trending papers',
      ...(given.returned ? [given.returned] : []),
      '',
      'Papers.',
      '--b--',
      '',
    ].join('\r\n'),
  )
}

/** A feedback report in the format of large mailbox providers (RFC 5965). */
export function complaintMail(given: { to: string; recipient: string; header: string[]; type?: string }): Buffer {
  return Buffer.from(
    [
      'From: feedback@fbl.example.net',
      `To: ${given.to}`,
      'Subject: Email feedback report',
      'Message-ID: <feedback-1@fbl.example.net>',
      'MIME-Version: 1.0',
      'Content-Type: multipart/report; report-type=feedback-report; boundary="b"',
      '',
      '--b',
      'Content-Type: text/plain',
      '',
      'This is an email abuse report.',
      '',
      '--b',
      'Content-Type: message/feedback-report',
      '',
      `Feedback-Type: ${given.type ?? 'abuse'}`,
      'User-Agent: FBL/1.0',
      'Version: 1',
      `Original-Rcpt-To: ${given.recipient}`,
      '',
      '--b',
      'Content-Type: message/rfc822',
      'Content-Disposition: inline',
      '',
      'From: Paperboy <papers@paperboy.example>',
      ...given.header,
      'Subject: Trending papers',
      '',
      'Papers.',
      '--b--',
      '',
    ].join('\r\n'),
  )
}

export const plainMail = (headers: Record<string, string>, text = ''): Buffer =>
  Buffer.from(
    `${Object.entries(headers)
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join('')}\r\n${text}\r\n`,
  )

/** The columns that an inbound message may change, to compare before and after. */
export async function stateOf(db: Db) {
  const { rows: readers } = await db.execute(sql`SELECT id, status, left_at FROM subscribers ORDER BY id`)
  const { rows: suppressed } = await db.execute(
    sql`SELECT address_hash, reason FROM suppressions ORDER BY address_hash`,
  )
  return { readers, suppressed }
}
