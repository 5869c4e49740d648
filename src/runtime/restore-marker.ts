import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'

/** How far a database has mailed, and whether the operator halted it. Kept outside that database; see delivery/ledger/restore-guard.ts. */
export interface RestoreMarker {
  /** counts batches, service emails and runs of webhooks; it only rises */
  step: number
  halted: boolean
}

/** Stores restore markers where a restore of the database does not reset them. */
export interface RestoreMarkerStore {
  /** @param databaseId column `installation` of `mailing` */
  read(databaseId: string): Promise<RestoreMarker | undefined>
  write(databaseId: string, marker: RestoreMarker): Promise<void>
}

/** The stored form. Its names stay, so that an upgraded process reads the marker of the version before. */
export const formatRestoreMarker = ({ step, halted }: RestoreMarker): string => JSON.stringify({ tick: step, halted })

/** Parses a stored marker. Returns undefined for anything else. */
export function parseRestoreMarker(text: string | null): RestoreMarker | undefined {
  if (text === null) return undefined
  try {
    const { tick, halted } = JSON.parse(text)
    return Number.isSafeInteger(tick) ? { step: tick, halted: halted === true } : undefined
  } catch {
    return undefined
  }
}

export const restoreMarkerFolder = (dataDir: string): string => join(dataDir, 'restore-markers')

/** Stores markers in files of DATA_DIR, one for each database that mailed from this machine. */
export function fileRestoreMarkers(dataDir: string): RestoreMarkerStore {
  const folder = restoreMarkerFolder(dataDir)
  const pathOf = (databaseId: string) => join(folder, `${databaseId}.json`)
  let writes = 0
  return {
    async read(databaseId) {
      const text = await readFile(pathOf(databaseId), 'utf8').catch((error) => {
        if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null
        throw error
      })
      return parseRestoreMarker(text)
    },
    async write(databaseId, marker) {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      // Rename makes the write atomic; the counter keeps two writes of this process apart.
      const temporary = `${pathOf(databaseId)}.${process.pid}-${writes++}`
      const file = await open(temporary, 'w', 0o600)
      await file.writeFile(formatRestoreMarker(marker)).finally(() => file.close())
      await rename(temporary, pathOf(databaseId))
    },
  }
}

/**
 * Combines stores into one. It reads the highest step, and halted if any store says so. It skips stores that fail.
 * @param onError receives a failing store's first error, and again only after the store has worked
 */
export function combineRestoreMarkers(
  stores: readonly RestoreMarkerStore[],
  onError: (error: Error) => void,
): RestoreMarkerStore {
  const failing = new Set<RestoreMarkerStore>()
  const attempt = async <T>(store: RestoreMarkerStore, work: Promise<T>): Promise<T | undefined> =>
    work.then(
      (value) => {
        failing.delete(store)
        return value
      },
      (error) => {
        if (!failing.has(store)) onError(error)
        failing.add(store)
        return undefined
      },
    )
  return {
    async read(databaseId) {
      const read = await Promise.all(stores.map((each) => attempt(each, each.read(databaseId))))
      const markers = read.filter((marker) => marker !== undefined)
      if (markers.length === 0) return undefined
      return { step: Math.max(...markers.map(({ step }) => step)), halted: markers.some(({ halted }) => halted) }
    },
    async write(databaseId, marker) {
      await Promise.all(stores.map((each) => attempt(each, each.write(databaseId, marker))))
    },
  }
}
