import fc from 'fast-check'
import { expect, test } from 'vitest'
import { inDisplayOrder } from '../../../src/edition/select/display-order.ts'
import type { SelectedPaper } from '../../../src/edition/select/select-papers.ts'

const paper = (position: number, fit = 0, section = 'top'): SelectedPaper => ({ position, section, fit, reasons: [] })
const shape = (selected: SelectedPaper[]) =>
  inDisplayOrder(selected).map(({ position, section }) => `${position} ${section}`)

test('without preferences, a digest keeps the edition’s order', () => {
  const edition = [paper(0, 0, 'picks'), paper(1), paper(2), paper(9, 0, 'rising')]
  expect(inDisplayOrder(edition)).toEqual(edition)
})

test('matching papers come first, best fit before rank, and the others keep their order', () => {
  expect(shape([paper(0), paper(1, 1), paper(2), paper(3, 2), paper(20, 1, 'topics'), paper(30, 3, 'rising')])).toEqual(
    ['3 you', '1 you', '20 you', '0 top', '2 top', '30 rising'],
  )
})

test('at most half of a digest is moved, but papers that only preferences brought in always are', () => {
  expect(shape([paper(0, 1), paper(1, 1), paper(2, 1), paper(3, 1)])).toEqual(['0 you', '1 you', '2 top', '3 top'])
  expect(shape([paper(0, 1), paper(8, 1, 'topics'), paper(9, 0, 'topics')])).toEqual(['8 you', '9 you', '0 top'])
})

test('no paper is lost or repeated', () => {
  const selected = fc
    .uniqueArray(fc.nat(60), { maxLength: 20 })
    .chain((positions) =>
      fc.tuple(
        ...positions
          .sort((a, b) => a - b)
          .map((position) =>
            fc
              .tuple(fc.constantFrom(0, 1, 2), fc.constantFrom('top', 'topics', 'rising'))
              .map(([fit, section]) => paper(position, fit, section)),
          ),
      ),
    )
  fc.assert(
    fc.property(selected, (papers) => {
      const shown = inDisplayOrder(papers)
      expect(shown.map(({ position }) => position).sort((a, b) => a - b)).toEqual(papers.map((each) => each.position))
    }),
  )
})
