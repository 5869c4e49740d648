/** Characters that make a spreadsheet read a cell as a formula, and the apostrophe that prevents it. */
const FORMULA = /^[=+\-@\t\r']/

/** Puts an apostrophe before text that a spreadsheet would run as a formula (OWASP, CSV injection). */
export const escapeFormula = (text: string): string => (FORMULA.test(text) ? `'${text}` : text)

/** Removes the apostrophe that `escapeFormula` adds. Before any other text it belongs to the value. */
export const unescapeFormula = (cell: string): string =>
  cell.startsWith("'") && FORMULA.test(cell.slice(1)) ? cell.slice(1) : cell
