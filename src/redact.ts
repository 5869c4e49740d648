const MOST_CHARACTERS = 300

/** Words from outside as they may be kept and logged: addresses and control characters out, one line, not endless. */
export const redact = (text: string): string =>
  text
    .replace(/(?:"[^"\r\n]*"|[^\s<>@"(),;:]+)@[^\s<>@"(),;:]+/g, '[address]')
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .slice(0, MOST_CHARACTERS)
