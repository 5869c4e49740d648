import { decodeLogin, ENCODE_LOGIN, isLoginCut } from './url-login.ts'

const SSL_MODES = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify']

/** Returns the problem of a DATABASE_URL, or undefined. */
export function databaseUrlProblem(text: string): string | undefined {
  if (!/^postgres(?:ql)?:\/\//.test(text)) return 'must be a URL starting with postgres:// or postgresql://'
  if (/^[^/]+\/\/(?:[^@/?]*@)?[^@/?]*,[^@/?]*(?:[/?][^@]*)?$/.test(text))
    return 'names several servers: name one, or a PgBouncer that leads to the primary'
  const url = parse(text)
  if (!url || isLoginCut(url)) return `${ENCODE_LOGIN}, or use a password of hex digits`
  try {
    // pg itself encodes a % that no two hex digits follow.
    if (!/%(?![a-f\d]{2})/i.test(text)) decodeLogin(url.username + url.password)
  } catch (error) {
    return (error as Error).message
  }
  const mode = url.searchParams.get('sslmode')
  if (mode !== null && !SSL_MODES.includes(mode)) return `has an sslmode that is none of ${SSL_MODES.join(', ')}`
  return undefined
}

/**
 * Returns the URL without a mode that pg warns about at each start. It checks the certificate under all three, as under
 * `verify-full`.
 */
export const withoutWeakModes = (text: string): string =>
  text.includes('uselibpqcompat=true')
    ? text
    : text.replace(/(?<=[?&]sslmode=)(?:prefer|require|verify-ca)(?=&|$)/, 'verify-full')

/** `postgres://user:password@/database?host=/folder` has no host: PostgreSQL allows it, the class `URL` does not. */
function parse(text: string): URL | undefined {
  if (URL.canParse(text)) return new URL(text)
  const named = text.replace('@/', '@localhost/')
  return URL.canParse(named) ? new URL(named) : undefined
}
