/** Decodes a user or password of a URL. @throws Error that names the problem, and not the value */
export function decodeLogin(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new Error('has a % that encodes nothing: write %25 in its user or password')
  }
}
