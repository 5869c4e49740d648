import { createHmac, timingSafeEqual } from 'node:crypto'
import { codec } from 'rfc4648'
import { addressOf, type Mailbox } from './mailbox.ts'
import type { TokenKeys } from './tokens.ts'

/**
 * The email that an envelope sender was made for. It names the subscriber too, so that a bounce can be matched after
 * the ledger row is gone.
 */
export interface Returned {
  subscriberId: number
  mail: 'digest' | 'service'
  /** the edition of a digest, or the outbox row of a service email */
  reference: number
}

/** The settings that decide where bounces and unsubscribe emails go. */
export interface SenderSettings {
  MAIL_FROM: Mailbox
  /** with a `*` where the signed code goes; see bounceAddressProblem */
  BOUNCE_ADDRESS?: string | undefined
}

const MAILS = ['digest', 'service'] as const
const ID_BYTES = 5
const BODY_BYTES = 1 + 2 * ID_BYTES
/** As long as in links. It leaves 20 characters of BOUNCE_ADDRESS beside the `*`. */
const MAC_BYTES = 16
/** RFC 4648 § 6, in lower case. */
const BASE32 = { chars: 'abcdefghijklmnopqrstuvwxyz234567', bits: 5 }
const CODE_LENGTH = Math.ceil(((BODY_BYTES + MAC_BYTES) * 8) / 5)
/** RFC 5321 § 4.5.3.1.1 */
const MAX_LOCAL_PART_BYTES = 64
/** Finds the code between characters that are neither letter nor digit, whatever surrounds it. */
const ANY_CODE = new RegExp(`(?<![a-z0-9])[${BASE32.chars}]{${CODE_LENGTH}}(?![a-z0-9])`)

/**
 * Returns the envelope sender of an email: BOUNCE_ADDRESS with a signed code for its `*`.
 * The code has letters and digits of any case (base32, RFC 4648 § 6, in lower case).
 * One address per email shows whom a bounce concerns, without parsing. Only someone who saw the email can forge one.
 * Without BOUNCE_ADDRESS it is the sender's own address.
 */
export function returnPath(
  { config, keys }: { config: SenderSettings; keys: Pick<TokenKeys, 'current'> },
  returned: Returned,
): string {
  if (config.BOUNCE_ADDRESS === undefined) return addressOf(config.MAIL_FROM)
  const body = Buffer.alloc(BODY_BYTES)
  body.writeUInt8(MAILS.indexOf(returned.mail), 0)
  body.writeUIntBE(returned.subscriberId, 1, ID_BYTES)
  body.writeUIntBE(returned.reference, 1 + ID_BYTES, ID_BYTES)
  return config.BOUNCE_ADDRESS.replace(
    '*',
    codec.stringify(Buffer.concat([body, mac(keys.current, body)]), BASE32, { pad: false }),
  )
}

/**
 * Returns what an envelope sender was made for, in any case, also after BOUNCE_ADDRESS or the key has changed.
 * @returns undefined when the address has no code that we signed
 */
export function readReturnPath(keys: TokenKeys, address: string): Returned | undefined {
  const code = ANY_CODE.exec(address.toLowerCase().slice(0, address.lastIndexOf('@')))?.[0]
  const bytes = code && fromBase32(code)
  if (!bytes) return undefined
  const body = bytes.subarray(0, BODY_BYTES)
  const ours = [keys.current, ...keys.previous].some((key) =>
    timingSafeEqual(mac(key, body), bytes.subarray(BODY_BYTES)),
  )
  const mail = MAILS[body.readUInt8(0)]
  if (!ours || mail === undefined) return undefined
  return { subscriberId: body.readUIntBE(1, ID_BYTES), mail, reference: body.readUIntBE(1 + ID_BYTES, ID_BYTES) }
}

/** Returns the problem with a BOUNCE_ADDRESS, or undefined when it is valid. */
export function bounceAddressProblem(pattern: string): string | undefined {
  const [, before, after] = /^([^\s<>"@*,]*)\*([^\s<>"@*,]*)@[^\s<>"@*,]+$/.exec(pattern) ?? []
  if (before === undefined || after === undefined) return 'must look like: bounce+*@example.org'
  if (/[a-z0-9]$/i.test(before) || /^[a-z0-9]/i.test(after)) return 'must have no letter or digit beside the *'
  const room = MAX_LOCAL_PART_BYTES - CODE_LENGTH
  if (before.length + after.length > room) return `must have at most ${room} characters beside the * before the @`
  return undefined
}

const mac = (key: string, body: Buffer): Buffer =>
  createHmac('sha256', key).update('paperboy return path\0').update(body).digest().subarray(0, MAC_BYTES)

/** Returns undefined for a spelling with bits set after the last byte: other spellings of a valid code are not valid. */
function fromBase32(code: string): Buffer | undefined {
  try {
    return Buffer.from(codec.parse(code, BASE32, { loose: true }))
  } catch {
    return undefined
  }
}
