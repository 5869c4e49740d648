/** Servers whose links have a version behind the DOI: bioRxiv and medRxiv, before and since openRxiv. */
const VERSIONED = /^(10\.(?:1101|64898)\/[\d.]+\d)v\d+.*$/
const DOI = /\b10\.\d{4,9}\/[^\s"<>{}|\\^`]+/i

/**
 * Returns the DOI in a text or link, in lower case: two DOIs that differ only in case are the same (DOI Handbook § 2.4).
 * Accepts "doi:10.1101/2026.04.01.123456", "https://doi.org/10.1101/…" and links that contain a DOI.
 */
export function doiIn(text: string): string | undefined {
  const found = DOI.exec(decoded(text))?.[0]
    .replace(/[?#].*$/s, '')
    .toLowerCase()
  return found && withoutSentence(found).replace(VERSIONED, '$1')
}

/** Removes marks of the text around it. Old DOIs end in brackets of their own: 10.1016/0006(91)90001-e(2). */
function withoutSentence(doi: string): string {
  let end = doi.length
  let unopened = doi.split(')').length - doi.split('(').length
  for (; end > 0; end--) {
    const last = doi[end - 1]!
    if (last === ')' && unopened > 0) unopened--
    else if (!`.,;:'"]`.includes(last)) break
  }
  return doi.slice(0, end)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

export const doiUrl = (doi: string): string => `https://doi.org/${encodeURI(doi)}`
