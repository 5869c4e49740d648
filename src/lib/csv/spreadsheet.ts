/** Characters that make a spreadsheet read a cell as a formula, and the apostrophe that prevents it. */
const FORMULA = /^[=+\-@\t\r']/

/** Puts an apostrophe before text that a spreadsheet would run as a formula (OWASP, CSV injection). */
export const escapeFormula = (text: string): string => (FORMULA.test(text) ? `'${text}` : text)

/** Removes the apostrophe that `escapeFormula` adds. Before any other text it belongs to the value. */
export const unescapeFormula = (cell: string): string =>
  cell.startsWith("'") && FORMULA.test(cell.slice(1)) ? cell.slice(1) : cell

/** Begins a CSV file that people download. Without it, Excel reads UTF-8 as Windows-1252: "RoziÃ¨re". */
export const BYTE_ORDER_MARK = '\uFEFF'

/** Yields the chunks of a CSV file that people download. */
export async function* withByteOrderMark(chunks: AsyncIterable<string>): AsyncGenerator<string> {
  yield BYTE_ORDER_MARK
  yield* chunks
}

/** Characters. Excel takes the rest of a longer cell for another line. */
const LONGEST_CELL = 32_767

/** Joins names for one cell. Those that no longer fit become "…". */
export function joinInCell(names: readonly string[]): string {
  const whole = names.join('; ')
  return whole.length < LONGEST_CELL ? whole : `${whole.slice(0, whole.lastIndexOf('; ', LONGEST_CELL - 4))}; …`
}
