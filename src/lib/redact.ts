const MOST_CHARACTERS = 300

/**
 * Addresses, plain and as relays write them into links in their replies: `ada%40example.org`, `ada=40example.org`.
 * Each starts where a word starts. Tried from every letter, a long word without an @ would take quadratic time.
 */
const PLAIN = /(?:"[^"\r\n]*"|(?<![^\s<>@"(),;:])[^\s<>@"(),;:]+)@[^\s<>@"(),;:]+/g
const ENCODED =
  /(?<![^\s<>@"(),;:/?&])[^\s<>@"(),;:/?&]+(?:%40|=40|&#64;)[a-z0-9-]+(?:(?:\.|%2e)[a-z0-9-]+)*(?:\.|%2e)[a-z][a-z0-9-]*/gi

/** Returns foreign text that is safe to store and log: no addresses, no control characters, one line, at most 300 characters. */
export const redact = (text: string): string =>
  text
    .replace(PLAIN, '[address]')
    .replace(ENCODED, '[address]')
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .slice(0, MOST_CHARACTERS)
