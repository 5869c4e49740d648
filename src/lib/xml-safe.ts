/** Not a Char of XML 1.0 (w3.org/TR/xml § 2.2): controls, halves of surrogate pairs, U+FFFE and U+FFFF. */
const NO_CHAR = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu

/** Removes characters that XML does not allow. A single one makes the whole document unreadable. */
export const xmlSafe = (xml: string): string => xml.replace(NO_CHAR, '')
