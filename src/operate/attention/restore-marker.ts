import { access, constants } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { query, text } from '../../runtime/db/query.ts'
import { restoreMarkerFolder } from '../../runtime/restore-marker.ts'
import type { Attention, AttentionDeps } from './attention.ts'

/**
 * Finds whether this process may keep the restore marker. A command that ran as another user, such as root, leaves a folder that workers
 * cannot open.
 */
export async function unwritableMarker(dataDir: string): Promise<Attention[]> {
  // A folder that is missing is made, so the nearest one above it counts.
  for (let folder = resolve(restoreMarkerFolder(dataDir)); ; folder = dirname(folder)) {
    try {
      await access(folder, constants.R_OK | constants.W_OK | constants.X_OK)
      return []
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code !== 'ENOENT') return [unwritable(`${folder} (${code})`)]
    }
  }
}

const unwritable = (about: string): Attention => ({
  name: 'restore_marker_unwritable',
  about,
  part: 'Restore marker',
  state: 'warning',
  since: null,
  message: `${about} cannot be written: a database that was set back may send emails again`,
  remedy: 'give DATA_DIR to the user of the workers, and run commands as that user',
  href: '/admin',
})

/** Each check runs in one worker. With many, one that finds nothing must not hide what another found. */
const REMEMBERED = '30 minutes'

/** What workers could not write, as they noted: only they need the folder, and this process may have another one or be another user. */
export async function notedUnwritableMarkers({ db, now }: AttentionDeps): Promise<Attention[]> {
  const rows = await query(db, { about: text })`
    SELECT about FROM attention WHERE what = 'restore_marker_unwritable' AND seen_at > ${now()}::timestamptz - ${REMEMBERED}::interval`
  return rows.map(({ about }) => unwritable(about))
}
