/**
 * Parses authors' names, in order and forename first. Every format uses this parser.
 *
 * It separates names at commas, semicolons and "and", and keeps "Jr." and "III" with their name.
 * A collaboration is one author. Affiliations in brackets, academic degrees and "et al." are dropped. "Özel, B." becomes "B. Özel".
 *
 * @param given one line with all names, or a list of names
 */
export function authorNames(given: string | readonly string[]): string[] {
  const lines = typeof given === 'string' ? [given] : given
  const alone = typeof given !== 'string'
  return lines.flatMap((line) => namesOf(plain(line), alone))
}

/** A suffix of the name before it, even after a comma. */
const GENERATION = /^(?:Jr|Sr|I{2,3}|IV|VI{0,3}|[2-9](?:nd|rd|th))\.?$/i
const DEGREE = /^(?:Ph\.? ?D|M\.? ?D|M\.? ?Sc|B\.? ?Sc|Esq)\.?$/i
const AFFILIATION = /\b(?:Univ|Institut|Dep(?:artmen)?t|Lab|College|School|Cent(?:er|re)|Inc|Ltd|Corp|GmbH)/i
const INITIALS = /^(?:\p{Lu}\p{M}*\.?[\s-]?){1,4}$/u
/** Words that are only part of a surname: "van der Berg", "de la Cruz". */
const PARTICLE = /^(?:van|von|de|der|den|del|della|di|da|dos|du|la|le|el|al|bin|ibn|ter|ten|zu|zur)$/i

function namesOf(line: string, alone: boolean): string[] {
  const semicolons = line.split(';')
  if (semicolons.length > 1) return semicolons.flatMap((each) => namesOf(each.trim(), true))
  const joined = line.split(/,?\s+(?:and|&)\s+/)
  if (isBibtex(joined.map(parts))) return joined.flatMap((each) => namesOf(each, true))
  const names = joined.flatMap((each) => each.split(/(?<=\b(?:collaborations?|consortium))\s*:\s*/i)).flatMap(parts)
  const [last = '', first = ''] = names
  if (alone && joined.length === 1 && names.length === 2)
    return AFFILIATION.test(first) ? [last] : [forenameFirst(last, first)]
  if (names.length === 2 && isSurname(last) && (INITIALS.test(first) || /\s\p{Lu}\.$/u.test(first)))
    return [forenameFirst(last, first)]
  // "Young, C., Maria, A.": every second part is initials, and no other part is.
  if (names.length > 2 && names.length % 2 === 0 && names.every((name, at) => INITIALS.test(name) === (at % 2 === 1)))
    return names.flatMap((name, at) => (at % 2 === 0 ? [`${names[at + 1]} ${name}`] : []))
  return names
}

/** Returns the parts between commas. A suffix joins the name before it. */
function parts(line: string): string[] {
  const found: string[] = []
  for (const part of line.split(',').map((each) => each.replace(LEADING, '').trim())) {
    const name = part.replace(/\s*\bet\.? al\b\.?$/i, '').replace(/^others$/i, '')
    if (name === '' || DEGREE.test(name)) continue
    if (GENERATION.test(name) && found.length > 0) found.push(`${found.pop()} ${name}`)
    else found.push(name)
  }
  return found
}

const LEADING = /^\s*(?:(?:and|&)(?:\s+|$)|(?:for|on behalf of) (?:the )?(?=.*(?:collaboration|consortium|team)))/i

/** Whether each part has a surname and a forename: "Young, Carl and García Márquez, Ana", not "A. One, B. Two and C. Three, D. Four". */
const isBibtex = (pieces: readonly string[][]): boolean =>
  pieces.length > 1 &&
  pieces.every((piece) => piece.length === 2 && !/\b\p{Lu}\./u.test(piece[0]!)) &&
  pieces.some((piece) => isSurname(piece[0]!))

const isSurname = (text: string): boolean =>
  text.split(' ').filter((word) => !PARTICLE.test(word) && !GENERATION.test(word)).length === 1

/** "Young Jr.", "Carl" and "Young", "Carl Jr." → "Carl Young Jr." */
function forenameFirst(last: string, first: string): string {
  const [, forename = first, generation] = /^(.+)\s(\S+)$/.exec(first) ?? []
  return generation && GENERATION.test(generation) ? `${forename} ${last} ${generation}` : `${first} ${last}`
}

/** Begins where a run of them begins: a text of nothing else took minutes. */
const FOOTNOTES = /(?<![*†‡§¶‖¹²³⁰-⁹])[*†‡§¶‖¹²³⁰-⁹]+(?= ?(?:[,;]|$|(?:and|&) ))/g

/** Removes brackets with their content, and footnote marks. */
function plain(line: string): string {
  let depth = 0
  let kept = ''
  for (const character of line) {
    if (character === '(' || character === '[') depth++
    if (depth === 0) kept += character
    if ((character === ')' || character === ']') && depth > 0) depth--
  }
  return kept.replace(/\s+/g, ' ').replace(FOOTNOTES, '').trim()
}
