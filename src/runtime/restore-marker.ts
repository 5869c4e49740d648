import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'

/** What is remembered outside the database: how far it had mailed, and whether the operator said stop. */
export interface Word {
  tick: number
  halted: boolean
}

/** A memory that a restore of the database does not take back with it. */
export interface Witness {
  read(installation: string): Promise<Word | undefined>
  write(installation: string, word: Word): Promise<void>
}

/** @returns undefined for what is not a word of ours */
export function parseWord(text: string | null): Word | undefined {
  if (text === null) return undefined
  try {
    const { tick, halted } = JSON.parse(text)
    return Number.isSafeInteger(tick) ? { tick, halted: halted === true } : undefined
  } catch {
    return undefined
  }
}

/** In a file of DATA_DIR, one for each database that mailed from here. */
export function fileWitness(dataDir: string): Witness {
  const folder = join(dataDir, 'witness')
  const pathOf = (installation: string) => join(folder, `${installation}.json`)
  let writes = 0
  return {
    async read(installation) {
      const text = await readFile(pathOf(installation), 'utf8').catch((error) => {
        if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null
        throw error
      })
      return parseWord(text)
    },
    async write(installation, word) {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      // Whole or not at all, also when two of this process write at once.
      const temporary = `${pathOf(installation)}.${process.pid}-${writes++}`
      const file = await open(temporary, 'w', 0o600)
      await file.writeFile(JSON.stringify(word)).finally(() => file.close())
      await rename(temporary, pathOf(installation))
    },
  }
}

/**
 * Several as one: the furthest of what they say, and halted when one says so. One that cannot be reached is left out.
 * @param onError hears why, once for each of them until it works again
 */
export function allWitnesses(witnesses: readonly Witness[], onError: (error: Error) => void): Witness {
  const failing = new Set<Witness>()
  const attempt = async <T>(witness: Witness, work: Promise<T>): Promise<T | undefined> =>
    work.then(
      (value) => {
        failing.delete(witness)
        return value
      },
      (error) => {
        if (!failing.has(witness)) onError(error)
        failing.add(witness)
        return undefined
      },
    )
  return {
    async read(installation) {
      const words = await Promise.all(witnesses.map((each) => attempt(each, each.read(installation))))
      const said = words.filter((word) => word !== undefined)
      if (said.length === 0) return undefined
      return { tick: Math.max(...said.map((word) => word.tick)), halted: said.some((word) => word.halted) }
    },
    async write(installation, word) {
      await Promise.all(witnesses.map((each) => attempt(each, each.write(installation, word))))
    },
  }
}
