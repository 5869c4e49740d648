import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** For logs, the User-Agent and the banner. */
export const VERSION: string = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../package.json'), 'utf8'),
).version
