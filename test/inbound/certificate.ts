import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

/** Encodes a DER value of one tag (X.690). */
function der(tag: number, ...contents: (Buffer | string)[]): Buffer {
  const body = Buffer.concat(contents.map((each) => Buffer.from(each)))
  const length = body.length < 128 ? [body.length] : [0x82, body.length >> 8, body.length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...length]), body])
}

const SHA256_WITH_RSA = der(0x30, der(0x06, Buffer.from('2a864886f70d01010b', 'hex')), der(0x05))
const NAME = der(0x30, der(0x31, der(0x30, der(0x06, Buffer.from('550403', 'hex')), der(0x0c, 'sns.amazonaws.com'))))
const time = (at: string) => der(0x17, `${at.replace(/\D/g, '').slice(2, 14)}Z`)

/** Returns a key and a self-signed certificate as PEM, since Node makes keys but no certificates. Times like "2026-01-01T00:00:00". */
export function selfSigned(from: string, to: string): { privateKey: KeyObject; pem: string } {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  const body = der(
    0x30,
    der(0x02, Buffer.from([1])),
    SHA256_WITH_RSA,
    NAME,
    der(0x30, time(from), time(to)),
    NAME,
    spki,
  )
  const signature = der(0x03, Buffer.concat([Buffer.from([0]), sign('sha256', body, privateKey)]))
  const base64 = der(0x30, body, SHA256_WITH_RSA, signature).toString('base64').replace(/.{64}/g, '$&\n')
  return { privateKey, pem: `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n` }
}
