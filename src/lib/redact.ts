const MOST_CHARACTERS = 300

/** An address as mail writes it, and as relays write it into links of their replies (`ada%40example.org`, `ada=40example.org`). */
const PLAIN = /(?:"[^"\r\n]*"|[^\s<>@"(),;:]+)@[^\s<>@"(),;:]+/g
const ENCODED = /[^\s<>@"(),;:/?&]+(?:%40|=40|&#64;)[a-z0-9-]+(?:(?:\.|%2e)[a-z0-9-]+)*(?:\.|%2e)[a-z][a-z0-9-]*/gi

/** Words from outside as they may be kept and logged: addresses and control characters out, one line, not endless. */
export const redact = (text: string): string =>
  text
    .replace(PLAIN, '[address]')
    .replace(ENCODED, '[address]')
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .slice(0, MOST_CHARACTERS)
