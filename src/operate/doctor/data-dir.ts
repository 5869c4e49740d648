import { access, constants } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { restoreMarkerFolder } from '../../runtime/restore-marker.ts'
import { type Diagnosis, warning } from './diagnosis.ts'

/** Checks that we may keep the restore marker. A command that ran as another user, such as root, leaves a folder that workers cannot open. */
export async function checkDataDir(dataDir: string): Promise<Diagnosis[]> {
  // A folder that is missing is made, so the nearest one above it counts.
  for (let folder = resolve(restoreMarkerFolder(dataDir)); ; folder = dirname(folder)) {
    try {
      await access(folder, constants.R_OK | constants.W_OK | constants.X_OK)
      return []
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOENT') continue
      return [
        warning(
          'Restore marker',
          `${folder} cannot be written (${code}): a database that was set back may send emails again`,
          'give DATA_DIR to the user of the workers, and run commands as that user',
        ),
      ]
    }
  }
}
