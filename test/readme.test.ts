import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ENVIRONMENT_NAMES } from '../src/runtime/config/config.ts'

/** Checks the README against the tree. */
const root = new URL('../', import.meta.url)
const readme = readFileSync(new URL('README.md', root), 'utf8')
const { scripts } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'))

test('every linked file exists', () => {
  const links = [...readme.matchAll(/\]\(((?!https?:)[^)#]+)\)/g)].map((match) => match[1]!)
  expect(links.length).toBeGreaterThan(20)
  expect(links.filter((link) => !existsSync(new URL(link, root)))).toEqual([])
})

test('the configuration table has exactly the variables that are read', () => {
  const table = readme.slice(readme.indexOf('## Configuration'), readme.indexOf('## In production'))
  const named = [...table.matchAll(/^\| ([^|]+) \|/gm)].flatMap((row) => row[1]!.match(/[A-Z][A-Z_]{3,}/g) ?? [])
  expect(named.sort()).toEqual(ENVIRONMENT_NAMES.filter((name) => name !== 'NODE_ENV').sort())
})

test('every named npm command exists', () => {
  const named = new Set([...readme.matchAll(/npm run (\w+)/g)].map((match) => match[1]!))
  expect([...named].filter((name) => !(name in scripts))).toEqual([])
})
