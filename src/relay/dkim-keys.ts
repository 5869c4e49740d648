import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { fileProblem } from '../lib/file-problem.ts'
import { type Config, ConfigError } from '../runtime/config/config.ts'

export type DkimSettings = Pick<Config, 'DKIM_DOMAIN' | 'DKIM_SELECTOR' | 'DKIM_PRIVATE_KEY_FILE'>

/** A signing key, and the DNS name of its public key. */
export interface DkimKey {
  algorithm: 'rsa' | 'ed25519'
  domain: string
  selector: string
  privateKey: KeyObject
}

/** RFC 8301 § 3.2 requires 1024 bits and recommends 2048. Receivers ignore signatures with shorter keys. */
const LEAST_RSA_BITS = 1024

/** Reads the configured keys; none without DKIM. @throws ConfigError with the file and the reason */
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
  const pem = await readFile(file).catch((error) =>
    refuse(fileProblem(error) ?? `cannot be read (${error.code})`, error),
  )
  let privateKey: KeyObject
  try {
    privateKey = createPrivateKey(pem)
  } catch (error) {
    return refuse('is not a PEM private key without a passphrase', error)
  }
  const algorithm = privateKey.asymmetricKeyType
  if (algorithm !== 'rsa' && algorithm !== 'ed25519')
    return refuse(`is not an RSA or Ed25519 key but ${algorithm}; DKIM supports RSA and Ed25519`)
  const bits = privateKey.asymmetricKeyDetails?.modulusLength
  if (bits !== undefined && bits < LEAST_RSA_BITS)
    return refuse(`has ${bits} bits; RSA needs at least ${LEAST_RSA_BITS}, 2048 is recommended`)
  return { algorithm, privateKey }
}

/** Returns the name and text of the TXT record that publishes a key (RFC 6376 § 3.6.1, RFC 8463 § 4). */
export function dkimRecord({ algorithm, domain, selector, privateKey }: DkimKey): { name: string; text: string } {
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' })
  // The record holds the raw Ed25519 key: the last 32 bytes of its SPKI form.
  const bytes = algorithm === 'rsa' ? spki : spki.subarray(-32)
  return {
    name: `${selector}._domainkey.${domain}`,
    text: `v=DKIM1; k=${algorithm}; p=${bytes.toString('base64')}`,
  }
}
