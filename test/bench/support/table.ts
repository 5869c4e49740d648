/** Prints rows as aligned columns: text to the left, numbers to the right. The first row is the heading. */
export function printTable(rows: (string | number)[][]): void {
  const cells = rows.map((row) => row.map(String))
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)))
  for (const row of cells) {
    const line = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!),
    )
    console.log(line.join('  ').trimEnd())
  }
}
