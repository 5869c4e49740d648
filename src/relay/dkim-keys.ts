import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { type Config, ConfigError } from '../runtime/config/config.ts'

export type DkimSettings = Pick<Config, 'DKIM_DOMAIN' | 'DKIM_SELECTOR' | 'DKIM_PRIVATE_KEY_FILE'>

/** One key that signs, and the name under which its public half stands in the DNS. */
export interface DkimKey {
  algorithm: 'rsa' | 'ed25519'
  domain: string
  selector: string
  privateKey: KeyObject
}

/** RFC 8301 § 3.2 wants 1024 bits and advises 2048; receivers treat shorter ones as no signature at all. */
const LEAST_RSA_BITS = 1024

/** @returns none when DKIM is not configured. @throws ConfigError naming the file that cannot be used, and why */
export async function readDkimKeys(settings: DkimSettings): Promise<DkimKey[]> {
  const { DKIM_DOMAIN: domain, DKIM_SELECTOR: selectors, DKIM_PRIVATE_KEY_FILE: files } = settings
  if (domain === undefined) return []
  return Promise.all(
    files.map(async (file, place) => ({ domain, selector: selectors[place]!, ...(await readKey(file)) })),
  )
}

async function readKey(file: string): Promise<Pick<DkimKey, 'algorithm' | 'privateKey'>> {
  const refuse = (why: string, cause?: unknown): never => {
    throw new ConfigError(`DKIM_PRIVATE_KEY_FILE: ${file} ${why}.`, { cause })
  }
  const pem = await readFile(file).catch((error) => refuse(`cannot be read (${error.code})`, error))
  let privateKey: KeyObject
  try {
    privateKey = createPrivateKey(pem)
  } catch (error) {
    return refuse('is no private key in PEM form without a passphrase', error)
  }
  const algorithm = privateKey.asymmetricKeyType
  if (algorithm !== 'rsa' && algorithm !== 'ed25519')
    return refuse(`is a key for ${algorithm}; DKIM knows RSA and Ed25519`)
  const bits = privateKey.asymmetricKeyDetails?.modulusLength
  if (bits !== undefined && bits < LEAST_RSA_BITS)
    return refuse(`has ${bits} bits; RSA needs ${LEAST_RSA_BITS}, better 2048`)
  return { algorithm, privateKey }
}

/** The TXT record that publishes a key: its name, and its text (RFC 6376 § 3.6.1, RFC 8463 § 4). */
export function dkimRecord({ algorithm, domain, selector, privateKey }: DkimKey): { name: string; text: string } {
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' })
  // An Ed25519 key stands there bare: the last 32 bytes of its SPKI form.
  const bytes = algorithm === 'rsa' ? spki : spki.subarray(-32)
  return {
    name: `${selector}._domainkey.${domain}`,
    text: `v=DKIM1; k=${algorithm}; p=${bytes.toString('base64')}`,
  }
}
