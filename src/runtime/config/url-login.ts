/** Decodes a user or password of a URL. @throws Error that names the problem, and not the value */
export function decodeLogin(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new Error('has a % that encodes nothing: write %25 in its user or password')
  }
}

/** For URLs with the right scheme: a password such as those of Amazon SES ends the host part of a URL at its first slash. */
export const ENCODE_LOGIN = 'is not a valid URL: percent-encode / + = @ : # ? and the like in its user and password'

/**
 * Whether a password that begins with `/ ? #`, or with digits before them, ended the host: the user is taken for it, and what follows for
 * a path or an option, which errors may quote. Then the URL has no password, and the @ stands behind the host.
 */
export const isLoginCut = ({ password, pathname, search, hash }: URL): boolean =>
  password === '' && (pathname + search + hash).includes('@')
