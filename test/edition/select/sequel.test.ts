import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isSequel, namedSystem } from '../../../src/edition/select/sequel.ts'

const paper = (title: string, listDay: string, authors = ['Ada Lovelace'], organization: string | null = null) => ({
  title,
  authors,
  organization,
  listDay,
})
const follows = (later: string, earlier: string): boolean =>
  isSequel(paper(`${later}: B`, '2026-04-02'), paper(`${earlier}: A`, '2026-04-01'))

describe('a paper follows an earlier one', () => {
  test.each([
    ['HY-World 2.0', 'HY-World 1.0'],
    ['Qwen3-VL', 'Qwen2.5-VL'],
    ['WebSailor-V2', 'WebSailor'],
    ['FantasyTalking2', 'FantasyTalking'],
    ['3D CoCa v2', '3D CoCa'],
    ['Skywork-R1V3', 'Skywork R1V2'],
    ['Mobile-Agent-v3.5', 'Mobile-Agent-v3'],
    ['GLM-5', 'GLM-4.5'],
    ['Seed1.10', 'Seed1.9'],
  ])('%s follows %s', (later, earlier) => {
    expect(follows(later, earlier)).toBe(true)
    expect(follows(earlier, later)).toBe(false)
  })

  test.each([
    ['Qwen3-Omni', 'Qwen2.5-VL', 'another name'],
    ['PRISM', 'PRiSM', 'no version'],
    ['Qwen3-VL-32B', 'Qwen3-VL-8B', 'a size'],
    ['Hunyuan 3D', 'Hunyuan 2D', 'dimensions'],
    ['LoRA-128k', 'LoRA-64k', 'a length'],
    ['AIME 2026', 'AIME 2025', 'years'],
    ['text3video', 'text', 'another name'],
    ['text2video', 'text', 'another name'],
    ['C#', 'C2', 'no version'],
    ['Step3-Audio 2', 'Step2-Audio 1', 'two numbers'],
  ])('%s does not follow %s: %s', (later, earlier) => {
    expect(follows(later, earlier)).toBe(false)
  })

  test('only by some of the same people, and on a later list', () => {
    const first = paper('GTA-1: A', '2026-04-01', ['José Ruiz'], 'A Lab')
    expect(isSequel(paper('GTA-2: B', '2026-04-02', ['Someone Else'], 'Another Lab'), first)).toBe(false)
    expect(isSequel(paper('GTA-2: B', '2026-04-02', ['Someone Else', 'Jose Ruiz']), first)).toBe(true)
    expect(isSequel(paper('GTA-2: B', '2026-04-02', ['Someone Else'], 'A Lab'), first)).toBe(true)
    expect(isSequel(paper('GTA-2: B', '2026-04-01', ['José Ruiz'], 'A Lab'), first)).toBe(false)
  })

  test('"Technical Report" ends a name as a colon does', () => {
    expect(namedSystem('Qwen3-VL Technical Report')?.name).toBe('Qwen3-VL')
    expect(namedSystem('Attention is all you need')).toBeUndefined()
    expect(namedSystem('What a survey of everything found in 2026: a summary')).toBeUndefined()
  })
})

const letters = fc.string({ unit: fc.constantFrom(...'abcefghijlnopqrstuwxyz'), minLength: 3, maxLength: 8 })
const version = fc.tuple(fc.nat(99), fc.nat(20)).map(([major, minor]) => `${major}.${minor}`)
const people = fc.uniqueArray(fc.constantFrom('Ada', 'Bob', 'Cem', 'Dee', 'Eve', 'Fay'), { minLength: 1, maxLength: 4 })
const lab = fc.option(fc.constantFrom('One Lab', 'Two Lab'), { nil: null })
const listed = fc.constantFrom('2026-04-01', '2026-04-02', '2026-04-03')
const separator = fc.constantFrom(' ', '-', '', ' v', '-V')
const anyPaper = (stem: fc.Arbitrary<string>) =>
  fc.record({ stem, version, separator, authors: people, organization: lab, listDay: listed, rest: fc.string() })

test('with one stem: exactly the higher version of a later day with a shared author or organisation follows', () => {
  const pair = letters.chain((stem) => fc.tuple(anyPaper(fc.constant(stem)), anyPaper(fc.constant(stem))))
  fc.assert(
    fc.property(pair, ([a, b]) => {
      const [later, earlier] = [a, b].map((each) => ({
        ...each,
        title: `${each.stem}${each.separator}${each.version}: ${each.rest}`,
      }))
      const [major, minor] = a.version.split('.').map(Number) as [number, number]
      const [oldMajor, oldMinor] = b.version.split('.').map(Number) as [number, number]
      const isHigher = major > oldMajor || (major === oldMajor && minor > oldMinor)
      const shared =
        a.authors.some((name) => b.authors.includes(name)) ||
        (a.organization !== null && a.organization === b.organization)
      expect(isSequel(later!, earlier!)).toBe(isHigher && shared && a.listDay > b.listDay)
    }),
  )
})

test('papers of other names never follow each other, nor papers without a version', () => {
  fc.assert(
    fc.property(anyPaper(letters), anyPaper(letters), fc.boolean(), (a, b, isNamed) => {
      fc.pre(a.stem !== b.stem)
      const title = ({ stem, separator, version, rest }: typeof a) =>
        isNamed ? `${stem}${separator}${version}: ${rest}` : `${stem}: ${rest}`
      expect(isSequel({ ...a, title: title(a) }, { ...b, title: title(b) })).toBe(false)
    }),
  )
})
