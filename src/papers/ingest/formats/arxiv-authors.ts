/**
 * Names from arXiv's line of authors: "A. One (1), B. Two (2 and 3) and C. Three ((1) There, (2) Here)". What stands in
 * parentheses is an affiliation; arXiv asks for commas and "and" between names (info.arxiv.org/help/prep#author).
 */
export function arxivAuthors(line: string): string[] {
  return withoutParentheses(line)
    .replace(/\s+/g, ' ')
    .split(/,\s*(?:and\s+)?|\s+and\s+|\s*;\s*|(?<=collaboration)\s*:\s*/i)
    .map((name) => name.trim())
    .filter((name) => name !== '' && !/^(?:Jr|Sr|I{2,3}|IV)\.?$/i.test(name))
}

function withoutParentheses(line: string): string {
  let depth = 0
  let kept = ''
  for (const character of line) {
    if (character === '(') depth++
    if (depth === 0) kept += character
    if (character === ')' && depth > 0) depth--
  }
  return kept
}
