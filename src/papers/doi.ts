/** A DOI in lower case: two that differ only in case are the same (DOI Handbook § 2.4). */
export interface DoiName {
  /** of the paper: all its versions share it */
  id: string
  /** as registered, which resolves: a server may register a DOI for each version and none for the paper */
  registered: string
  version?: number | undefined
}

const DOI = /\b10\.\d{4,9}\/[^\s"<>{}|\\^`]+/i

/** Links of bioRxiv and medRxiv, before and since openRxiv, have a version behind the DOI. */
const VERSION_IN_LINK = /^(10\.(?:1101|64898)\/[\d.]+\d)v(\d{1,3})(?!\d).*$/

/** Servers that register a DOI for each version. Migration 0027 has the same ones. */
const VERSION_IN_DOI = [
  // ChemRxiv and Cambridge Open Engage; the first version has no suffix
  /^(10\.(?:26434\/chemrxiv|33774\/coe)-[a-z\d-]+?)-v(\d{1,3})$/,
  // OSF, PsyArXiv, SocArXiv and others
  /^(10\.\d{4,9}\/osf\.io\/[a-z\d]+)_v(\d{1,3})$/,
  // Research Square
  /^(10\.21203\/rs\.[a-z\d.-]+)\/v(\d{1,3})$/,
  // Authorea, ESS Open Archive and TechRxiv
  /^(10\.(?:22541|36227)\/[a-z]+\.[\d.]+)\/v(\d{1,3})$/,
  // Preprints.org
  /^(10\.20944\/preprints\d+\.\d+)\.v(\d{1,3})$/,
]

/**
 * Parses the DOI in a text or link: "doi:10.1101/2026.04.01.123456", "https://doi.org/10.1101/…", and links of publishers that contain
 * one.
 * @returns undefined for anything else
 */
export function doiName(text: string): DoiName | undefined {
  const found = DOI.exec(inLink(text) ?? decoded(text))?.[0]
    .replace(/[?#].*$/s, '')
    .toLowerCase()
  if (!found) return undefined
  const whole = withoutSentence(found)
  const [, linked, linkedVersion] = VERSION_IN_LINK.exec(whole) ?? []
  if (linked) return { id: linked, registered: linked, version: Number(linkedVersion) }
  for (const pattern of VERSION_IN_DOI) {
    const [, id, version] = pattern.exec(whole) ?? []
    if (id) return { id, registered: whole, version: Number(version) }
  }
  return { id: whole, registered: whole }
}

/** Returns the DOI that a paper's versions share, from a text or link, or undefined. */
export const doiIn = (text: string): string | undefined => doiName(text)?.id

/** What publishers put behind the DOI in their links: "/full", "/meta", ".full.pdf". Bounded, so that a search takes linear time. */
const PAGE =
  /(?:[/.](?:full|fulltext|full-text|abstract|summary|meta|pdf|epub|html?|xml|references|citations?|figures|tables)){1,4}\/?$/i

/** Returns the part of a link with its DOI: its path, or the value of a parameter without those behind it. */
function inLink(text: string): string | undefined {
  const link = text.trim()
  if (!/^https?:\/\/\S+$/i.test(link) || !URL.canParse(link)) return undefined
  const { hostname, pathname, searchParams } = new URL(link)
  const path = decoded(pathname)
  if (DOI.test(path)) return /(?:^|\.)doi\.org$/.test(hostname) ? path : path.replace(PAGE, '')
  return [...searchParams.values()].find((value) => DOI.test(value))
}

/** Removes marks of the text around it. Old DOIs end in brackets of their own: 10.1016/0006(91)90001-e(2). */
function withoutSentence(doi: string): string {
  let end = doi.length
  let unopened = doi.split(')').length - doi.split('(').length
  for (; end > 0; end--) {
    const last = doi[end - 1]!
    if (last === ')' && unopened > 0) unopened--
    else if (!`.,;:'"]/`.includes(last)) break
  }
  return doi.slice(0, end)
}

/** Decodes percent signs. Text with one that stands for itself is returned as it is. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

export const doiUrl = (doi: string): string => `https://doi.org/${encodeURI(doi)}`
