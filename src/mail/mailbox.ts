import { type Address, parseAddress } from './address.ts'

/** A sender's name and address. The name is as people read it: headers quote or encode it. */
export interface Mailbox {
  /** empty for a bare address */
  name: string
  /** the domain as its A-label, valid in every header */
  address: string
}

/**
 * Parses "Name <name@example.org>" or a bare address. The name may hold any character: `Lab (AI)`, `A; B`, `日報`.
 * Quotes around it (RFC 5322 § 3.2.4) are removed with their backslashes.
 * @throws Error with a message that continues the name of the setting
 */
export function parseMailbox(text: string): Mailbox {
  const [, before = '', bracketed] = /^(.*?)\s*<([^<>]*)>$/s.exec(text.trim()) ?? []
  const name = nameIn(before.trim())
  return { name, address: addressIn(bracketed ?? text).email }
}

/** Returns the bare address of a mailbox, for envelopes. */
export const addressOf = ({ address }: Mailbox): string => address

/** Returns the domain of a mailbox as its A-label, for Message-ID and List-Id. */
export const domainOf = ({ address }: Mailbox): string => address.slice(address.lastIndexOf('@') + 1)

function nameIn(text: string): string {
  const quoted = /^"((?:[^"\\]|\\.)*)"$/s.exec(text)?.[1]
  const name = quoted?.replace(/\\(.)/gs, '$1') ?? text
  if (/\p{Cc}|[\u2028\u2029]/u.test(name)) throw new Error('must not have a line break or another control character')
  if (/[<>]/.test(quoted === undefined ? name : '')) throw new Error(SHAPE)
  if (/=\?.*\?=/.test(name)) throw new Error('must have its name in plain letters; headers encode it')
  return name
}

function addressIn(text: string): Address {
  try {
    return parseAddress(text)
  } catch {
    throw new Error(SHAPE)
  }
}

const SHAPE = 'must look like: Paperboy <papers@example.org>'
