import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { takeRecords } from '../../../src/lib/csv/records.ts'

test('a line without quotes has the cells that csv-parse finds', () => {
  const letters = fc.constantFrom('a', 'é', '@', '.', ' ', '\f', '\u00a0', ',', ';', '|')
  fc.assert(
    fc.property(fc.array(letters, { maxLength: 30 }), fc.constantFrom(',', ';', '|'), (chosen, separator) => {
      const text = chosen.join('')
      fc.pre(text.trim() !== '')
      const [expected] = parse(text, { delimiter: separator, trim: true, relax_column_count: true }) as string[][]
      const { rows } = takeRecords([{ number: 1, text }], { separator, width: expected!.length }, true)
      expect(rows).toEqual([{ line: 1, cells: expected }])
    }),
  )
})
