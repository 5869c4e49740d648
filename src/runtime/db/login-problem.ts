/** Codes of certificates that Node does not accept. */
const CERTIFICATE = /^(?:CERT_|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_(?:GET|VERIFY)_|ERR_TLS_CERT_)/

/**
 * Returns why a login to PostgreSQL failed before the server decided on it, and the remedy; undefined for any other error. pg has
 * codes only for what the server answers.
 */
export function loginProblem(error: unknown): string | undefined {
  const { code = '', message = '' } = error as { code?: string; message?: string }
  if (CERTIFICATE.test(code))
    return `The certificate of the database's server (DATABASE_URL) is not accepted: ${message.split(';')[0]} (${code}). ${remedyOf(code)}, or set sslmode=no-verify to accept any certificate.`
  if (message === 'The server does not support SSL connections')
    return 'The database (DATABASE_URL) offers no TLS. Turn ssl on in its server, or set sslmode=disable.'
  if (/^SASL: .*client password must be/.test(message))
    return 'The database asks for a password, and DATABASE_URL has none. Add it, or set PGPASSWORD.'
  return undefined
}

function remedyOf(code: string): string {
  if (code === 'CERT_HAS_EXPIRED') return 'Renew it'
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'Write a name of the certificate in DATABASE_URL'
  return 'Add the file of its authority to DATABASE_URL as sslrootcert=FILE'
}
