import { randomBytes } from 'node:crypto'
import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'

interface Secrets {
  SECRET_KEY: string
  SUPPRESSION_KEY: string
}

/**
 * Returns generated keys. It stores them in DATA_DIR/secrets.json (0600), so that links in old emails survive a restart.
 * Two processes that generate keys at once agree, since only one of them creates the file.
 */
export async function loadLocalSecrets(dataDir: string): Promise<Secrets> {
  const path = join(dataDir, 'secrets.json')
  const made = {
    SECRET_KEY: randomBytes(32).toString('base64url'),
    SUPPRESSION_KEY: randomBytes(32).toString('base64url'),
  }
  const file = await open(path, 'wx', 0o600).catch((error) => {
    if (error.code === 'EEXIST') return undefined
    throw error
  })
  if (!file) return readSecrets(path)
  await file.writeFile(`${JSON.stringify(made, null, 2)}\n`)
  await file.sync()
  await file.close()
  return made
}

async function readSecrets(path: string): Promise<Secrets> {
  const text = await readFile(path, 'utf8')
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Error(
      `${path} is damaged. Restore it from a backup. If you delete it, links in sent emails stop working.`,
      {
        cause: error,
      },
    )
  }
}
