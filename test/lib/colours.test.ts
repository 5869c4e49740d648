import { expect, test } from 'vitest'
import { type Colour, contrastOf, lowestContrast, shadeWithContrast } from '../../src/lib/colours.ts'

test('contrast is that of WCAG, whichever colour comes first', () => {
  expect(contrastOf('#000000', '#ffffff')).toBeCloseTo(21)
  expect(contrastOf('#ffffff', '#000000')).toBeCloseTo(21)
  // The examples of WebAIM's contrast checker.
  expect(contrastOf('#777777', '#ffffff')).toBeCloseTo(4.48, 2)
  expect(contrastOf('#0000ff', '#ffffff')).toBeCloseTo(8.59, 2)
})

test.for<Colour>(['#ffff00', '#ff8800', '#123456', '#ffffff', '#000000'])(
  '%s gets a shade that can be read',
  (colour) => {
    const paper: Colour[] = ['#fbf9f4', '#f3efe6']
    expect(lowestContrast(shadeWithContrast(colour, '#000000', paper, 4.5), paper)).toBeGreaterThanOrEqual(4.5)
    const night: Colour[] = ['#151517', '#1f1f23']
    expect(lowestContrast(shadeWithContrast(colour, '#ffffff', night, 7), night)).toBeGreaterThanOrEqual(7)
  },
)

test('a colour that can be read stays as it is', () => {
  expect(shadeWithContrast('#0b6e4f', '#000000', ['#ffffff'], 4.5)).toBe('#0b6e4f')
})
