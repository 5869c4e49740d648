import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { acquireDataDirLock, tryLockExclusive, tryLockShared } from '../../src/embedded/lock.ts'
import { isRoot, NOBODY, test } from './support.ts'

test('a second service on the same data folder is refused, and the error names the first', async ({ dataDir, run }) => {
  const first = run('lock')
  expect(await first.next()).toEqual({ locked: true })
  await expect(acquireDataDirLock(dataDir)).rejects.toThrow(
    new RegExp(
      `^Paperboy is already running on this data folder \\(process ${first.pid}, since \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d UTC\\)\\. Stop it, or set DATA_DIR to another folder\\.$`,
    ),
  )
  first.stop()
  await first.ended
  ;(await acquireDataDirLock(dataDir)).release()
})

test('a process cannot take its own lock twice before it releases it', async ({ dataDir }) => {
  const lock = await acquireDataDirLock(dataDir)
  await expect(acquireDataDirLock(dataDir)).rejects.toThrow(`process ${process.pid}`)
  lock.release()
  const again = await acquireDataDirLock(dataDir)
  lock.release() // a repeated release must not free the new lock
  await expect(acquireDataDirLock(dataDir)).rejects.toThrow('already running')
  again.release()
})

test("a killed process's lock is free at once, and exactly one of many contenders gets it", async ({ run }) => {
  const killed = run('lock')
  expect(await killed.next()).toEqual({ locked: true })
  killed.signal('SIGKILL')
  await killed.ended
  const contenders = Array.from({ length: 6 }, () => run('lock'))
  const lines = await Promise.all(contenders.map((starter) => starter.next()))
  expect(lines.filter((line) => line?.locked)).toHaveLength(1)
  expect(lines.filter((line) => line?.failed?.includes('already running'))).toHaveLength(5)
})

test('shared locks exclude an exclusive one, and an exclusive lock excludes shared ones', async ({ folder }) => {
  const path = join(folder, 'some.lock')
  const [one, two] = [tryLockShared(path), tryLockShared(path)]
  one!.release()
  expect(tryLockExclusive(path)).toBeUndefined()
  two!.release()
  const alone = tryLockExclusive(path)
  expect(tryLockShared(path)).toBeUndefined()
  alone!.release()
})

test('if a file is in the way, the error names it and says what to do', async ({ folder }) => {
  const file = join(folder, 'file')
  await writeFile(file, '')
  for (const dataDir of [file, join(file, 'data')]) {
    await expect(acquireDataDirLock(dataDir)).rejects.toThrow(
      `Paperboy cannot use ${dataDir} as its data folder: a file is in the way. Remove it, or set DATA_DIR to another folder.`,
    )
  }
})

test.skipIf(!isRoot)(
  'if another user owns the folder, the error names it and says what to do',
  async ({ dataDir, run }) => {
    await mkdir(dataDir)
    for (const what of ['lock', 'start'] as const) {
      expect((await run(what, NOBODY).next())?.failed).toBe(
        `SetupError: Paperboy cannot use ${dataDir} as its data folder: this user (uid 65534) may not write there. Change its owner or mode, or set DATA_DIR to another folder.`,
      )
    }
  },
)
