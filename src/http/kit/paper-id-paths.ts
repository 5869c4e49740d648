/** Pages below a paper's. Without this list, they would count as the end of its id. */
const BELOW = 'vote|save|not-interested|more-like|cite\\.bib|cite\\.ris|[0-9a-f]{12}\\.png'
const DOI = '10\\.\\d{4,9}(?:/|%2F)[^?#]*?'
/** Of arXiv until March 2007: hep-th/9901001 */
const OLD_ID = '[a-z-]+(?:\\.[a-z-]+)?/\\d{7}(?:v\\d+)?'
const ID_PATH = new RegExp(
  `^((?:/cards/[a-z]+|/api/v1)?/papers/)(${DOI}|${OLD_ID})((?:/(?:${BELOW})(?:/[^?#]*)?)?/?(?:[?#].*)?)$`,
  'i',
)

/**
 * Encodes the slashes of a DOI or an old arXiv id in a request's path, so that routes find it in one parameter:
 * "/papers/10.1101/2026.04.01.1/vote" becomes "/papers/10.1101%2F2026.04.01.1/vote".
 * Links to DOIs have plain slashes, because some proxies refuse or decode %2F.
 */
export const encodePaperId = (url: string): string =>
  url.replace(ID_PATH, (_, before: string, id: string, after: string) => before + id.replaceAll('/', '%2F') + after)
