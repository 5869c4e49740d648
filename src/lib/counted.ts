/** Writes a number with its noun, in English: "1 row", "4,707 rows". For operators; readers' texts have `countIn`. */
export const counted = (count: number, one: string, several = `${one}s`): string =>
  `${count.toLocaleString('en')} ${count === 1 ? one : several}`
