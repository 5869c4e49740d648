import { dayOf } from '../calendar/days.ts'
import { doiName } from './doi.ts'
import { slugOf } from './topics/keywords.ts'

/** What a reference manager needs to know of a paper. Texts are readable, not LaTeX. */
export interface Cited {
  source: string
  sourceId: string
  title: string
  authors: readonly string[]
  publishedAt?: Date | undefined
  /** YYYY-MM-DD, for papers whose date the source does not say */
  listDay: string
  url?: string | undefined
  pdfUrl?: string | undefined
  abstract?: string | undefined
}

/**
 * The paper's own DOI. arXiv registers one for every paper (info.arxiv.org/help/doi.html). Of a server that registers only versions, it
 * is that of the version in the link: the one that they share may not resolve.
 */
export function doiOf({ source, sourceId, url }: Pick<Cited, 'source' | 'sourceId' | 'url'>): string | undefined {
  if (source === 'arxiv') return `10.48550/arXiv.${sourceId}`
  if (source !== 'doi') return undefined
  const linked = doiName(url ?? '')
  return linked?.id === sourceId ? linked.registered : sourceId
}

/** The page that every version of an arXiv paper shares. */
export const arxivUrl = (sourceId: string): string => `https://arxiv.org/abs/${sourceId}`

/** YYYY-MM-DD */
export const citedDay = ({ publishedAt, listDay }: Pick<Cited, 'publishedAt' | 'listDay'>): string =>
  publishedAt ? dayOf(publishedAt) : listDay

/** The paper's own page, on arXiv or at its publisher. */
export const urlOf = (paper: Cited): string | undefined =>
  paper.source === 'arxiv' ? arxivUrl(paper.sourceId) : (paper.url ?? paper.pdfUrl)

/** BibTeX, with the eprint fields that arXiv recommends (info.arxiv.org/help/hypertex/bibstyles). */
export function bibtex(paper: Cited, key = keyOf(paper)): string {
  const doi = doiOf(paper)
  const fields = [
    ['title', `{${escaped(paper.title)}}`],
    ['author', paper.authors.map(bibtexName).join(' and ')],
    ['year', citedDay(paper).slice(0, 4)],
    ['eprint', paper.source === 'arxiv' ? paper.sourceId : ''],
    ['archivePrefix', paper.source === 'arxiv' ? 'arXiv' : ''],
    ['doi', doi ?? ''],
    ['url', (urlOf(paper) ?? '').replace(/[{}]/g, encodeURIComponent)],
  ].filter(([, value]) => value !== '')
  return `@misc{${key},\n${fields.map(([name, value]) => `  ${name} = {${value}}`).join(',\n')}\n}\n`
}

/** BibTeX of many papers. A key that occurs again gets a number, since BibTeX refuses repeated keys. */
export function bibliography(papers: readonly Cited[]): string {
  const taken = new Set<string>()
  const entries = papers.map((paper) => {
    const first = keyOf(paper)
    let key = first
    for (let n = 2; taken.has(key); n++) key = `${first}-${n}`
    taken.add(key)
    return bibtex(paper, key)
  })
  return entries.join('\n')
}

const LATEX: Record<string, string> = {
  '\\': '\\textbackslash{}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
}

const UNPAIRED: Record<string, string> = { ...LATEX, '{': '\\textbraceleft{}', '}': '\\textbraceright{}' }

/** BibTeX counts escaped braces like others: one without its partner would take the rest of the file into its field. */
function escaped(text: string): string {
  const commands = hasPairedBraces(text) ? LATEX : UNPAIRED
  return text.replace(/[\\~^&%$#_{}]/g, (sign) => commands[sign] ?? `\\${sign}`)
}

function hasPairedBraces(text: string): boolean {
  let open = 0
  for (const [brace] of text.matchAll(/[{}]/g)) {
    open += brace === '{' ? 1 : -1
    if (open < 0) return false
  }
  return open === 0
}

/**
 * What no person's name has: an "and", a word for a group of people, "AI" at its end, or one word such as "OpenAI" and "NVIDIA".
 * A surname alone may have a capital inside it, too: McKay, LeCun.
 */
const INSTITUTION =
  /\s(?:[Aa]nd|AND|&)\s|\b(?:Team|Collaborations?|Consortium|Group|Research|Robotics|Labs?|Laborator(?:y|ies)|Universi\p{L}+|Institute|Foundation|Project|Initiative|Community|Organi[sz]ation|Committee|Inc|Ltd|LLC|GmbH|Corporation)(?!\p{L})|[\s-]AI$|^(?:\p{Lu}[\p{Lu}-]{2,}|(?!(?:Ma?c|De|Di|La|Le|Fitz|Van)\p{Lu}\p{Ll}+$)\S*\p{Ll}\p{Lu}\S*)$/u

/** Whether an author is an institution. Its name is written as it stands: "Gemini Team" has no surname. */
export const isInstitution = (name: string): boolean => INSTITUTION.test(name)

/** "Robert L. Logan IV", "Edmund Clarke, Jr.": what follows a surname. @returns the name without it, and it */
function withoutSuffix(name: string): [name: string, suffix: string | undefined] {
  const [, bare, suffix] = /^([^,]+ [^,]+),? +((?:[JS]r\.?|I{2,3}|IV))$/.exec(name) ?? []
  return bare === undefined ? [name, undefined] : [bare, suffix]
}

/** Braces keep a name whole: BibTeX would make two authors of an "and". It refuses a name with more than two commas. */
function bibtexName(name: string): string {
  if (isInstitution(name) || name.split(',').length > 3) return `{${escaped(name)}}`
  const [bare, suffix] = withoutSuffix(name)
  if (suffix === undefined) return escaped(name)
  // "von Last, Jr, First". Particles are part of a surname, and begin with a small letter.
  const surname = /(?:(?<= )\p{Ll}\S* .*|\S+)$/u.exec(bare)!
  return escaped(`${surname[0]}, ${suffix}, ${bare.slice(0, surname.index).trim()}`)
}

/** "xu2026strips": the first author's last name, the year, and the first long word of the title. */
function keyOf(paper: Cited): string {
  const [author] = withoutSuffix(paper.authors[0] ?? '')
  const name = slugOf(author.split(' ').at(-1) ?? '').replaceAll('-', '')
  const word = slugOf(paper.title)
    .split('-')
    .find((each) => each.length > 3)
  return `${name || 'paper'}${citedDay(paper).slice(0, 4)}${word ?? ''}`
}

/** RIS, whose lines are a tag, two spaces, a dash and a value (en.wikipedia.org/wiki/RIS_(file_format)). */
export function ris(paper: Cited): string {
  const lines: [string, string | undefined][] = [
    ['TY', 'UNPB'],
    ['TI', paper.title],
    ...paper.authors.map((name): [string, string] => ['AU', lastNameFirst(name)]),
    ['PY', citedDay(paper).slice(0, 4)],
    ['DA', citedDay(paper).replaceAll('-', '/')],
    ['AB', paper.abstract],
    ['DO', doiOf(paper)],
    ['PB', paper.source === 'arxiv' ? 'arXiv' : undefined],
    ['UR', urlOf(paper)],
    ['L1', paper.pdfUrl],
  ]
  const written = lines.flatMap(([tag, value]) => (value ? `${tag}  - ${value.replace(/\s+/g, ' ')}` : []))
  return `${[...written, 'ER  - '].join('\r\n')}\r\n`
}

/** "Logan, Robert L., IV" */
function lastNameFirst(name: string): string {
  const [bare, suffix] = withoutSuffix(name)
  const space = bare.lastIndexOf(' ')
  return bare.includes(',') || space < 0 || isInstitution(name)
    ? name
    : [bare.slice(space + 1), bare.slice(0, space), suffix].filter(Boolean).join(', ')
}
