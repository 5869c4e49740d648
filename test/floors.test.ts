import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { expect, test } from 'vitest'

/**
 * Rooms from the ground up. A file may import from its own room and from lower floors, type imports included.
 * docs/architecture.md explains the picture; change both together.
 */
const FLOORS: readonly string[][] = [
  ['lib', 'messages', 'latex', 'embedded'],
  ['calendar', 'mail'],
  ['runtime'],
  ['relay', 'papers', 'suppression'],
  ['edition'],
  ['delivery'],
  ['subscription'],
  ['outbox'],
  ['inbound'],
  ['operate'],
  ['privacy'],
  ['open-services.ts'],
  ['workers', 'local'],
  ['http'],
  ['app.ts'],
  ['demo', 'simulate'],
  ['cli', 'processes'],
  ['api.ts', 'start.ts'],
  ['shots'],
]

const root = join(import.meta.dirname, '../')
const files = ['src', 'workers'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name)),
)
const importsOf = new Map(
  files.map((file) => [
    file,
    [...readFileSync(join(root, file), 'utf8').matchAll(/(?:from|import\()\s*'(\.[^']+\.ts)'/g)].map((match) =>
      normalize(join(dirname(file), match[1]!)),
    ),
  ]),
)
const roomOf = (file: string): string => {
  if (file === 'src/runtime/open-services.ts') return 'open-services.ts'
  return file.startsWith('workers/') ? 'workers' : relative('src', file).split('/')[0]!
}
const floorOf = (file: string): number => FLOORS.findIndex((rooms) => rooms.includes(roomOf(file)))

test('every file is on a floor', () => {
  expect(files.length).toBeGreaterThan(300)
  expect(files.filter((file) => floorOf(file) < 0)).toEqual([])
})

test('every import goes to a lower floor or stays in its room', () => {
  const upward = [...importsOf].flatMap(([file, targets]) =>
    targets
      .filter((target) => roomOf(target) !== roomOf(file) && floorOf(target) >= floorOf(file))
      .map((target) => `${file} imports ${target}`),
  )
  expect(upward).toEqual([])
})

test('no import cycle', () => {
  const state = new Map<string, 'open' | 'done'>()
  const cycles: string[] = []
  const visit = (file: string, path: string[]): void => {
    if (state.get(file) === 'done') return
    if (state.get(file) === 'open') {
      cycles.push([...path.slice(path.indexOf(file)), file].join(' → '))
      return
    }
    state.set(file, 'open')
    for (const target of importsOf.get(file) ?? []) visit(target, [...path, file])
    state.set(file, 'done')
  }
  for (const file of files) visit(file, [])
  expect(cycles).toEqual([])
})
