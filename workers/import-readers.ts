import { runUploadedImports } from '../src/operate/run-uploaded-imports.ts'
import type { Services } from '../src/runtime/services.ts'

/** Job `import-readers`: the dry runs and imports that operators started in the browser. */
export async function importReadersJob(services: Services): Promise<void> {
  const done = await runUploadedImports(services)
  if (done > 0) services.log.info({ done }, 'uploaded files of readers')
}
