import { createHmac, timingSafeEqual } from 'node:crypto'
import { PaperboyError } from '../lib/errors.ts'

/** What a link may do. A token made for one purpose is unknown to every other. */
export type TokenPurpose =
  | 'confirm'
  | 'unsubscribe'
  | 'preferences'
  | 'vote'
  | 'reader'
  | 'manage'
  | 'change'
  | 'form'
  | 'sign-in'
  | 'admin'

export interface TokenKeys {
  /** signs new tokens */
  current: string
  /** still verify, so that a link in an old mail works for as long as its key is listed */
  previous: readonly string[]
}

export interface TokenContent {
  subscriberId: number
  /** to the second */
  issuedAt: Date
  /** what the purpose needs beside the subscriber; 8 bytes at most */
  extra: Buffer
}

const HEAD_BYTES = 10
const EXTRA_BYTES = 8
const MAC_BYTES = 16

/**
 * A token for a link: base64url of subscriber (6 bytes), time (4), extra (0 or 8) and 128 bits of HMAC-SHA-256 over purpose and
 * all of these. 35 or 46 characters, never `=`, so that it fits a placeholder of a composed email.
 */
export function mintToken(
  keys: TokenKeys,
  purpose: TokenPurpose,
  subscriberId: number,
  issuedAt: Date,
  extra: Buffer = Buffer.alloc(0),
): string {
  if (extra.length !== 0 && extra.length !== EXTRA_BYTES) throw new RangeError('extra is 0 or 8 bytes')
  const token = Buffer.allocUnsafe(HEAD_BYTES + extra.length + MAC_BYTES)
  token.writeUIntBE(subscriberId, 0, 6)
  token.writeUInt32BE(Math.floor(issuedAt.getTime() / 1000), 6)
  extra.copy(token, HEAD_BYTES)
  const body = token.subarray(0, HEAD_BYTES + extra.length)
  token.set(mac(keys.current, purpose, body), body.length)
  return token.toString('base64url')
}

/**
 * @returns what the token says; whether it is too old is the purpose's affair
 * @throws PaperboyError TOKEN_UNKNOWN when it is not one of ours for this purpose, under any of the keys
 */
export function verifyToken(keys: TokenKeys, purpose: TokenPurpose, token: string): TokenContent {
  const bytes = Buffer.from(token, 'base64url')
  const bodyLength = bytes.length - MAC_BYTES
  // Re-encoding refuses spellings that decode to the same bytes: one link, one text.
  const wellFormed =
    (bodyLength === HEAD_BYTES || bodyLength === HEAD_BYTES + EXTRA_BYTES) && bytes.toString('base64url') === token
  const body = bytes.subarray(0, Math.max(bodyLength, 0))
  const given = bytes.subarray(Math.max(bodyLength, 0))
  const known =
    wellFormed && [keys.current, ...keys.previous].some((key) => timingSafeEqual(mac(key, purpose, body), given))
  if (!known) throw new PaperboyError('TOKEN_UNKNOWN', 'This link is not one of ours, or a part of it was cut off.')
  return {
    subscriberId: body.readUIntBE(0, 6),
    issuedAt: new Date(body.readUInt32BE(6) * 1000),
    extra: body.subarray(HEAD_BYTES),
  }
}

const mac = (key: string, purpose: TokenPurpose, body: Buffer): Buffer =>
  createHmac('sha256', key).update(`paperboy ${purpose}\0`).update(body).digest().subarray(0, MAC_BYTES)
