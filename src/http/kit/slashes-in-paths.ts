const DOI = '10\\.\\d{4,9}(?:/|%2F)[^?#]*?'
/** Of arXiv until March 2007: hep-th/9901001 */
const OLD_ID = '[a-z-]+(?:\\.[a-z-]+)?/\\d{7}(?:v\\d+)?'
const ID = `${DOI}|${OLD_ID}`
/** Of an author or organisation: CNRS/IRISA */
const NAME = '[^/?#][^?#]*?'

/** @param below pages below one's own. Without them, they would count as the end of its id */
const pathOf = (before: string, id: string, below: string) =>
  new RegExp(`^(${before})(${id})((?:/(?:${below})(?:/[^?#]*)?)?/?(?:[?#].*)?)$`, 'i')

const PATHS = [
  pathOf(
    '(?:(?:/cards/[a-z]+|/api/v1)?/papers|/api/v1/votes)/',
    ID,
    'vote|save|not-interested|more-like|cite\\.bib|cite\\.ris|[0-9a-f]{12}\\.png',
  ),
  pathOf('/api/v1/editions/[^/?#]+/[^/?#]+/papers/', ID, 'pick|drop|unpick|note|pin|unpin'),
  pathOf('/(?:authors|organisations)/', NAME, 'follow|unfollow'),
]

/**
 * Encodes the slashes of a DOI, an old arXiv id or a name in a request's path, so that routes find it in one parameter:
 * "/papers/10.1101/2026.04.01.1/vote" becomes "/papers/10.1101%2F2026.04.01.1/vote".
 * Links to DOIs have plain slashes, because some proxies refuse or decode %2F. nginx decodes it below a path.
 */
export const encodeSlashes = (url: string): string =>
  PATHS.reduce(
    (path, each) =>
      path.replace(each, (_, before: string, id: string, after: string) => before + id.replaceAll('/', '%2F') + after),
    url,
  )
