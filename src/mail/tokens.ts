import { createHmac, timingSafeEqual } from 'node:crypto'
import { PaperboyError } from '../lib/errors.ts'

/** The purpose of a link. A token for one purpose is invalid for every other. */
export type TokenPurpose =
  | 'confirm'
  | 'unsubscribe'
  | 'preferences'
  | 'vote'
  | 'reader'
  | 'saved-feed'
  | 'for-you-feed'
  | 'manage'
  | 'change'
  | 'form'
  | 'sign-in'
  | 'admin'

export interface TokenKeys {
  /** signs new tokens */
  current: string
  /** still verify, so that links in old emails work while their key is listed */
  previous: readonly string[]
}

export interface TokenContent {
  subscriberId: number
  /** to the second */
  issuedAt: Date
  /** data of the purpose besides the subscriber; 8 bytes at most */
  extra: Buffer
}

const HEAD_BYTES = 10
const EXTRA_BYTES = 8
const MAC_BYTES = 16

/**
 * Returns a token for a link: base64url of subscriber (6 bytes), time (4), extra (0 or 8) and 128 bits of
 * HMAC-SHA-256 over the purpose and all of these.
 * 35 or 46 characters, never `=`, so that it fits a placeholder of a compiled email.
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
 * @returns the content of the token; the caller checks its age
 * @throws PaperboyError TOKEN_UNKNOWN when no key of ours signed it for this purpose
 */
export function verifyToken(keys: TokenKeys, purpose: TokenPurpose, token: string): TokenContent {
  const bytes = Buffer.from(token, 'base64url')
  const bodyLength = bytes.length - MAC_BYTES
  // Re-encoding refuses other spellings of the same bytes: one link has one text.
  const wellFormed =
    (bodyLength === HEAD_BYTES || bodyLength === HEAD_BYTES + EXTRA_BYTES) && bytes.toString('base64url') === token
  const body = bytes.subarray(0, Math.max(bodyLength, 0))
  const given = bytes.subarray(Math.max(bodyLength, 0))
  const known =
    wellFormed && [keys.current, ...keys.previous].some((key) => timingSafeEqual(mac(key, purpose, body), given))
  if (!known) throw new PaperboyError('TOKEN_UNKNOWN', 'This link is not valid. Part of it may be missing.')
  return {
    subscriberId: body.readUIntBE(0, 6),
    issuedAt: new Date(body.readUInt32BE(6) * 1000),
    extra: body.subarray(HEAD_BYTES),
  }
}

const mac = (key: string, purpose: TokenPurpose, body: Buffer): Buffer =>
  createHmac('sha256', key).update(`paperboy ${purpose}\0`).update(body).digest().subarray(0, MAC_BYTES)
