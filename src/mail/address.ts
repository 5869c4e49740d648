import { createHmac } from 'node:crypto'
import { domainToASCII, domainToUnicode } from 'node:url'
import { PaperboyError } from '../lib/errors.ts'
import { messagesIn } from '../messages/catalogue.ts'
import type { Messages } from '../messages/en.ts'

export interface Address {
  /** as typed, with the domain as its A-label; for the envelope and To */
  email: string
  /** identifies the mailbox: `email` with ASCII letters folded and the local part composed (NFC) */
  key: string
  /** A-label, in lower case */
  domain: string
}

/** A problem with an address; the catalogues have a text for each. */
type AddressProblem = keyof Messages['address']

/** A BAD_ADDRESS error that a page can translate. */
export class AddressError extends PaperboyError {
  readonly problem: AddressProblem

  constructor(problem: AddressProblem) {
    super('BAD_ADDRESS', messagesIn('en').address[problem])
    this.problem = problem
  }
}

/** Octets (RFC 5321 § 4.5.3.1.1; § 4.5.3.1.3 less the two angle brackets). */
const MAX_LOCAL_PART_BYTES = 64
const MAX_ADDRESS_BYTES = 254

const ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
const UTF8_ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~\\p{L}\\p{M}\\p{N}-]+"
const DOT_ATOM = new RegExp(`^${ATOM}(?:\\.${ATOM})*$`)
const UTF8_DOT_ATOM = new RegExp(`^${UTF8_ATOM}(?:\\.${UTF8_ATOM})*$`, 'u')
/** Allowed in quotes: printable ASCII, except characters that programs on the way read as an end. */
const QUOTED = /^[^\P{ASCII}\p{Cc}"\\<>@,]+$/u
/** White space and invisible characters: joiners, byte order marks, direction marks, soft hyphens, fillers. */
const INVISIBLE = /[\s\p{Cf}\p{Default_Ignorable_Code_Point}]/u
const INVISIBLE_INSIDE = /\p{Default_Ignorable_Code_Point}/u
const DOMAIN = /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/

/**
 * Parses an email address as a person types it in a form (RFC 5321 § 4.1.2; RFC 6531 § 3.3 for letters beyond ASCII).
 *
 * `email` keeps the local part as typed, without needless quotes: only its own server knows which spellings mean one
 * mailbox.
 * `key` composes it, since keyboards and systems type é in two ways (RFC 6532 § 3.1).
 * Invisible characters around an address come from copying and are dropped. Inside they would make a second,
 * identical-looking mailbox, and are refused.
 * The domain is checked before it is mapped, since mapping drops invalid parts: `domainToASCII('reader.net\r\nDATA')`
 * returns `reader.net`.
 *
 * @param takes.utf8 whether the relay accepts letters beyond ASCII before the @ (SMTPUTF8)
 * @throws AddressError with a message for the person who typed it
 */
export function parseAddress(typed: string, takes: { utf8: boolean } = { utf8: false }): Address {
  const text = trimmed(typed)
  const [typedLocal, typedDomain] = splitAtSign(text)
  if (Buffer.byteLength(typedLocal) > MAX_LOCAL_PART_BYTES || Buffer.byteLength(text) > MAX_ADDRESS_BYTES) {
    throw new AddressError('tooLong')
  }
  const local = readLocalPart(typedLocal, takes.utf8)
  const domain = readDomain(typedDomain)
  const email = `${local}@${domain}`
  if (Buffer.byteLength(email) > MAX_ADDRESS_BYTES) throw new AddressError('tooLong')
  return { email, domain, key: `${composed(local)}@${domain}`.replace(/[A-Z]/g, (letter) => letter.toLowerCase()) }
}

/** Trims invisible characters, in time linear in the length: a form may send a megabyte of them. */
function trimmed(typed: string): string {
  const text = typed.trim()
  if (isAscii(text)) return text
  const letters = [...text]
  const isVisible = (letter: string) => !INVISIBLE.test(letter)
  return letters.slice(Math.max(letters.findIndex(isVisible), 0), letters.findLastIndex(isVisible) + 1).join('')
}

/**
 * Applies NFC, except to letters that it replaces with one other letter: K (U+212A) would become another person's K.
 * Compatibility forms stay: ａ, ﬁ and ①.
 */
function composed(local: string): string {
  if (isAscii(local)) return local
  let text = ''
  let run = ''
  for (const letter of local) {
    if (!isReplaced(letter)) run += letter
    else {
      text += run.normalize('NFC') + letter
      run = ''
    }
  }
  return text + run.normalize('NFC')
}

/** Returns a key as versions before composition stored it, typed on a system that decomposes. */
export const decomposed = (key: string): string => {
  const at = key.lastIndexOf('@')
  return key.slice(0, at).normalize('NFD') + key.slice(at)
}

/** Returns whether NFC replaces this letter with another single letter. */
const isReplaced = (letter: string): boolean => {
  const normal = letter.normalize('NFC')
  return normal !== letter && [...normal].length === 1
}

/** Splits at the last @, since a quoted local part may contain one. */
function splitAtSign(text: string): [local: string, domain: string] {
  const at = text.lastIndexOf('@')
  if (at < 1) throw new AddressError('noAt')
  return [text.slice(0, at), text.slice(at + 1)]
}

function readLocalPart(typed: string, utf8: boolean): string {
  const quoted = /^"(.*)"$/s.exec(typed)?.[1]
  if (quoted !== undefined) {
    // A backslash before a character means that character (RFC 5321 § 4.1.2).
    const content = quoted.replace(/\\([\x20-\x7e])/g, '$1')
    if (!QUOTED.test(content)) throw new AddressError('localPart')
    return DOT_ATOM.test(content) ? content : `"${content}"`
  }
  if (DOT_ATOM.test(typed)) return typed
  if (!UTF8_DOT_ATOM.test(typed) || INVISIBLE_INSIDE.test(typed)) throw new AddressError('localPart')
  if (!utf8) throw new AddressError('localPartUtf8')
  return typed
}

function readDomain(typed: string): string {
  if (/[^\p{L}\p{M}\p{N}.-]/u.test(typed) || INVISIBLE_INSIDE.test(typed)) throw new AddressError('domain')
  // IDNA maps ſ, K and ａ to s, k and a: another name than the typed one.
  if ([...typed].some((letter) => letter > '\x7f' && isAscii(letter.normalize('NFKC'))))
    throw new AddressError('domain')
  const domain = domainToASCII(typed).toLowerCase()
  // A fake A-label stays one after decoding.
  if (!DOMAIN.test(domain) || /(?:^|\.)xn--/.test(domainToUnicode(domain))) throw new AddressError('domain')
  return domain
}

export const isAscii = (text: string): boolean => /^[\0-\x7f]*$/.test(text)

/** Returns the keyed hash of a suppressed address, 32 bytes. SUPPRESSION_KEY never rotates. */
export const addressHash = (suppressionKey: string, key: string): Buffer =>
  Buffer.from(addressHashText(suppressionKey, key), 'hex')

/** Returns the hash of an address as typed or stored. @throws AddressError */
export const hashOfAddress = (suppressionKey: string, address: string): Buffer =>
  addressHash(suppressionKey, parseAddress(address, { utf8: true }).key)

/** Returns the hash of a key in hexadecimal. For a million addresses, buffers of their own cost seconds of garbage collection. */
export const addressHashText = (suppressionKey: string, key: string): string =>
  createHmac('sha256', suppressionKey).update(`address\0${key}`).digest('hex')
