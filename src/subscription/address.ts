import { createHmac } from 'node:crypto'
import { domainToASCII } from 'node:url'
import { PaperboyError } from '../errors.ts'

export interface Address {
  /** as typed, with the domain as its A-label: what goes into the envelope and To */
  email: string
  /** the same with ASCII letters folded: what tells one mailbox from another */
  key: string
}

const LOCAL_PART = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/
const DOMAIN = /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/

/**
 * One mail address, as a person types it in a form.
 *
 * ASCII only before the @ (a relay without SMTPUTF8 could not carry more), any script behind it. Checked before the domain is
 * mapped, since mapping drops what it does not like: `domainToASCII('reader.net\r\nDATA')` answers `reader.net`.
 *
 * @throws PaperboyError BAD_ADDRESS in words for the person who typed it
 */
export function parseAddress(typed: string): Address {
  const text = typed.trim()
  const at = text.lastIndexOf('@')
  if (at < 1) throw bad('An address has an @ in it, like ada@example.org.')
  const local = text.slice(0, at)
  const typedDomain = text.slice(at + 1)
  if (local.length > 64 || text.length > 254) throw bad('This address is longer than mail allows.')
  if (!LOCAL_PART.test(local)) throw bad('The part before the @ has a character that mail addresses cannot carry.')
  if (/[^\p{L}\p{M}\p{N}.-]/u.test(typedDomain)) throw bad('The part behind the @ is not a domain name.')
  const domain = domainToASCII(typedDomain).toLowerCase()
  if (!DOMAIN.test(domain)) throw bad('The part behind the @ is not a domain name, like example.org.')
  const email = `${local}@${domain}`
  if (email.length > 254) throw bad('This address is longer than mail allows.')
  return { email, key: email.replace(/[A-Z]/g, (letter) => letter.toLowerCase()) }
}

/** The keyed hash under which a suppression is kept (design: SUPPRESSION_KEY never rotates). 32 bytes. */
export const addressHash = (suppressionKey: string, key: string): Buffer =>
  createHmac('sha256', suppressionKey).update(`address\0${key}`).digest()

const bad = (message: string): PaperboyError => new PaperboyError('BAD_ADDRESS', message)
