const RIGHT_TO_LEFT = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u

/**
 * Returns a name or title for use beside other words. One in a script from right to left is isolated (UAX #9: FSI and PDI): the number
 * after it would otherwise be shown before it. For HTML and plain text, but not inside dir="auto", which looks into it.
 */
export const isolated = (text: string): string => (RIGHT_TO_LEFT.test(text) ? `\u2068${text}\u2069` : text)

/** Closes an isolate that a cut or a line's end leaves open: it would take in the words behind it. */
export const closeIsolate = (text: string): string =>
  text.lastIndexOf('\u2068') > text.lastIndexOf('\u2069') ? `${text}\u2069` : text
