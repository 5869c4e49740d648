import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'

/** State kept outside the database: its send counter, and whether the operator halted sending. */
export interface MarkerState {
  tick: number
  halted: boolean
}

/** Storage that a restore of the database does not set back. `databaseId` is `mailing.installation`. */
export interface RestoreMarker {
  read(databaseId: string): Promise<MarkerState | undefined>
  write(databaseId: string, state: MarkerState): Promise<void>
}

/** Returns undefined for text that is not a marker state. */
export function parseMarkerState(text: string | null): MarkerState | undefined {
  if (text === null) return undefined
  try {
    const { tick, halted } = JSON.parse(text)
    return Number.isSafeInteger(tick) ? { tick, halted: halted === true } : undefined
  } catch {
    return undefined
  }
}

/** Keeps the state in DATA_DIR, one file for each database that sent from here. */
export function fileMarker(dataDir: string): RestoreMarker {
  const folder = join(dataDir, 'witness')
  const pathOf = (databaseId: string) => join(folder, `${databaseId}.json`)
  let writes = 0
  return {
    async read(databaseId) {
      const text = await readFile(pathOf(databaseId), 'utf8').catch((error) => {
        if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null
        throw error
      })
      return parseMarkerState(text)
    },
    async write(databaseId, state) {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      // Renamed into place: readers see a whole file, also when this process writes two at once.
      const temporary = `${pathOf(databaseId)}.${process.pid}-${writes++}`
      const file = await open(temporary, 'w', 0o600)
      await file.writeFile(JSON.stringify(state)).finally(() => file.close())
      await rename(temporary, pathOf(databaseId))
    },
  }
}

/**
 * Combines markers: reads the highest counter, and halted when one says so. Skips a marker that does not answer.
 * @param onError receives a marker's first error since it last worked
 */
export function combineMarkers(markers: readonly RestoreMarker[], onError: (error: Error) => void): RestoreMarker {
  const failing = new Set<RestoreMarker>()
  const attempt = async <T>(marker: RestoreMarker, work: Promise<T>): Promise<T | undefined> =>
    work.then(
      (value) => {
        failing.delete(marker)
        return value
      },
      (error) => {
        if (!failing.has(marker)) onError(error)
        failing.add(marker)
        return undefined
      },
    )
  return {
    async read(databaseId) {
      const states = await Promise.all(markers.map((each) => attempt(each, each.read(databaseId))))
      const known = states.filter((state) => state !== undefined)
      if (known.length === 0) return undefined
      return { tick: Math.max(...known.map((state) => state.tick)), halted: known.some((state) => state.halted) }
    },
    async write(databaseId, state) {
      await Promise.all(markers.map((each) => attempt(each, each.write(databaseId, state))))
    },
  }
}
