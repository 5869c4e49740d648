import { createHmac } from 'node:crypto'
import { domainToASCII, domainToUnicode } from 'node:url'
import { PaperboyError } from '../lib/errors.ts'
import { messagesIn } from '../messages/catalogue.ts'
import type { Messages } from '../messages/en.ts'

export interface Address {
  /** as typed, with the domain as its A-label: what goes into the envelope and To */
  email: string
  /** identifies the mailbox: `email` with ASCII letters folded and the local part composed (NFC) */
  key: string
  /** A-label, in small letters */
  domain: string
}

/** What is wrong with an address; each has its words in the catalogues. */
type AddressProblem = keyof Messages['address']

/** A BAD_ADDRESS that a page can put into its reader's language. */
export class AddressError extends PaperboyError {
  readonly problem: AddressProblem

  constructor(problem: AddressProblem) {
    super('BAD_ADDRESS', messagesIn('en').address[problem])
    this.problem = problem
  }
}

/** Octets (RFC 5321 § 4.5.3.1.1; § 4.5.3.1.3 less the two angle brackets). */
const LONGEST_LOCAL_PART = 64
const LONGEST_ADDRESS = 254

const ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
const UTF8_ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~\\p{L}\\p{M}\\p{N}-]+"
const DOT_ATOM = new RegExp(`^${ATOM}(?:\\.${ATOM})*$`)
const UTF8_DOT_ATOM = new RegExp(`^${UTF8_ATOM}(?:\\.${UTF8_ATOM})*$`, 'u')
/** What may stand in quotes: of printable ASCII all but what programs in between read as the end of something. */
const QUOTED = /^[^\P{ASCII}\p{Cc}"\\<>@,]+$/u
/** White space and marks that no screen shows: joiners, byte order marks, direction marks, soft hyphens, fillers. */
const INVISIBLE = /[\s\p{Cf}\p{Default_Ignorable_Code_Point}]/u
const INVISIBLE_INSIDE = /\p{Default_Ignorable_Code_Point}/u
const DOMAIN = /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/

/**
 * One mail address, as a person types it in a form (RFC 5321 § 4.1.2, RFC 6531 § 3.3 for letters beyond ASCII).
 *
 * `email` keeps the local part as typed, less needless quotes: only its own server knows which spellings mean one mailbox. `key`
 * composes it, since keyboards and systems type é in two ways (RFC 6532 § 3.1). Invisible marks around an address come with
 * copying and are dropped; inside they would make a second mailbox that looks the same, and are refused. The domain is checked
 * before it is mapped, since mapping drops what it does not like: `domainToASCII('reader.net\r\nDATA')` answers `reader.net`.
 *
 * @param takes.utf8 whether our relay carries letters beyond ASCII before the @ (SMTPUTF8)
 * @throws AddressError in words for the person who typed it
 */
export function parseAddress(typed: string, takes: { utf8: boolean } = { utf8: false }): Address {
  const text = trimmed(typed)
  const [typedLocal, typedDomain] = splitAtSign(text)
  if (Buffer.byteLength(typedLocal) > LONGEST_LOCAL_PART || Buffer.byteLength(text) > LONGEST_ADDRESS) {
    throw new AddressError('tooLong')
  }
  const local = readLocalPart(typedLocal, takes.utf8)
  const domain = readDomain(typedDomain)
  const email = `${local}@${domain}`
  if (Buffer.byteLength(email) > LONGEST_ADDRESS) throw new AddressError('tooLong')
  return { email, domain, key: `${composed(local)}@${domain}`.replace(/[A-Z]/g, (letter) => letter.toLowerCase()) }
}

/** The text without invisible marks around it, in time linear in its length: a form may send a megabyte of them. */
function trimmed(typed: string): string {
  const text = typed.trim()
  if (isAscii(text)) return text
  const letters = [...text]
  const isVisible = (letter: string) => !INVISIBLE.test(letter)
  return letters.slice(Math.max(letters.findIndex(isVisible), 0), letters.findLastIndex(isVisible) + 1).join('')
}

/**
 * NFC, except for letters that it replaces with one other letter: K (U+212A) would become somebody else's K.
 * Nothing is folded by compatibility: ａ, ﬁ and ① stay.
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

/** Whether NFC puts another single letter in place of this one. */
const isReplaced = (letter: string): boolean => {
  const normal = letter.normalize('NFC')
  return normal !== letter && [...normal].length === 1
}

/** The last @ parts them, since a quoted local part could hold one. */
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
  // ſ, K and ａ are mapped to s, k and a by IDNA: another name than the one that was typed.
  if ([...typed].some((letter) => letter > '\x7f' && isAscii(letter.normalize('NFKC'))))
    throw new AddressError('domain')
  const domain = domainToASCII(typed).toLowerCase()
  // What only looks like an A-label stays one when it is read as letters.
  if (!DOMAIN.test(domain) || /(?:^|\.)xn--/.test(domainToUnicode(domain))) throw new AddressError('domain')
  return domain
}

const isAscii = (text: string): boolean => /^[\0-\x7f]*$/.test(text)

/** The keyed hash under which a suppression is kept (design: SUPPRESSION_KEY never rotates). 32 bytes. */
export const addressHash = (suppressionKey: string, key: string): Buffer =>
  createHmac('sha256', suppressionKey).update(`address\0${key}`).digest()
