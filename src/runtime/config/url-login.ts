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
