const SCRIPTS: readonly [language: string, letters: RegExp][] = [
  ['ja', /[\p{sc=Hira}\p{sc=Kana}]/gu],
  ['ko', /\p{sc=Hang}/gu],
  ['zh', /\p{sc=Han}/gu],
  ['en', /\p{sc=Latn}/gu],
]

/**
 * Returns ` lang="en"` for a source's text on a page in another language, so that screen readers pronounce it and browsers choose its
 * fonts (WCAG 3.1.2). Sources write English, but for some titles in other scripts.
 *
 * @param text plain or HTML
 * @param page the page's language
 * @returns an attribute with a space before it, or nothing
 */
export function langAttribute(text: string, page: string): string {
  const language = languageOf(text)
  return language === undefined || page.startsWith(language) ? '' : ` lang="${language}"`
}

/** Returns the language of a script that has three of ten letters: other scripts often quote Latin names. */
export function languageOf(html: string): string | undefined {
  const text = html.replace(/<[^>]*>|&\w+;/g, '')
  // Most texts are ASCII, and counting the letters of a summary takes 6 µs.
  if (/^[ -~]*$/.test(text)) return /[a-z]/i.test(text) ? 'en' : undefined
  const letters = text.match(/\p{L}/gu)?.length ?? 0
  return SCRIPTS.find(([, script]) => (text.match(script)?.length ?? 0) > 0.3 * letters)?.[0]
}
