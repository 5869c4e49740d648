/** Pages below a paper's. Without this list, they would count as the end of its DOI. */
const BELOW = 'vote|save|not-interested|more-like|cite\\.bib|cite\\.ris|[0-9a-f]{12}\\.png'
const DOI_PATH = new RegExp(
  `^((?:/cards/[a-z]+|/api/v1)?/papers/)(10\\.\\d{4,9}(?:/|%2F)[^?#]*?)((?:/(?:${BELOW})(?:/[^?#]*)?)?/?(?:[?#].*)?)$`,
  'i',
)

/**
 * Encodes the slashes of a DOI in a request's path, so that routes find it in one parameter:
 * "/papers/10.1101/2026.04.01.1/vote" becomes "/papers/10.1101%2F2026.04.01.1/vote".
 * Links have plain slashes, because some proxies refuse or decode %2F.
 */
export const encodeDoi = (url: string): string =>
  url.replace(DOI_PATH, (_, before: string, doi: string, after: string) => before + doi.replaceAll('/', '%2F') + after)
