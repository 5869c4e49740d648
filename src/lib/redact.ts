const MOST_CHARACTERS = 300

/** Addresses, plain and as relays write them into links in their replies: `ada%40example.org`, `ada=40example.org`. */
const PLAIN = /(?:"[^"\r\n]*"|[^\s<>@"(),;:]+)@[^\s<>@"(),;:]+/g
const ENCODED = /[^\s<>@"(),;:/?&]+(?:%40|=40|&#64;)[a-z0-9-]+(?:(?:\.|%2e)[a-z0-9-]+)*(?:\.|%2e)[a-z][a-z0-9-]*/gi

/** Returns foreign text that is safe to store and log: no addresses, no control characters, one line, at most 300 characters. */
export const redact = (text: string): string =>
  text
    .replace(PLAIN, '[address]')
    .replace(ENCODED, '[address]')
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .slice(0, MOST_CHARACTERS)
