import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { makeFolder } from '../../src/lib/make-folder.ts'

const folder = mkdtempSync(join(tmpdir(), 'paperboy-folders-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('makes a folder with those above it, and takes one that is there', async () => {
  const deep = join(folder, 'a', 'b', 'c')
  for (const _ of ['new', 'known']) await makeFolder(deep)
  expect(statSync(deep).isDirectory()).toBe(true)
})

test('two that make the same folders at once both succeed', async () => {
  const deep = join(folder, ...'at once'.repeat(20).split(' '))
  await Promise.all(Array.from({ length: 8 }, () => makeFolder(deep)))
  expect(statSync(deep).isDirectory()).toBe(true)
})

test('a file in the way is an error', async () => {
  const file = join(folder, 'file')
  writeFileSync(file, '')
  await expect(makeFolder(file)).rejects.toMatchObject({ code: 'EEXIST', path: file })
  await expect(makeFolder(join(file, 'sub'))).rejects.toMatchObject({ code: 'ENOTDIR' })
})

test.skipIf(process.platform !== 'linux')('so is a place where none can be made', async () => {
  await expect(makeFolder('/proc/none/of/these')).rejects.toMatchObject({ code: 'ENOENT', path: '/proc/none' })
})
