import { enableCompileCache, registerHooks } from 'node:module'
import { join } from 'node:path'

/**
 * Makes every process start faster. An entry point imports this file first and then loads the rest with `import()`,
 * because a static import would be resolved before this file runs.
 */

// Without a folder of its own the cache would be in /tmp, where another user could write it. If it cannot be written, Node goes without.
// The scripts of package.json name the same folder, so that Node also has this file and the entry point in its cache: to strip the types
// of a single file, it loads a parser for 60 ms.
enableCompileCache(join(import.meta.dirname, '../../node_modules/.cache/paperboy'))

/**
 * Node 24 parses the package.json of a package again for each file that it loads from it. That of drizzle-orm has 179 KB, so loading
 * its 108 files took half a second of CPU and 140 MB. Its files import each other by their full names, so resolving needs no package.json.
 */
const DRIZZLE = '/node_modules/drizzle-orm/'
registerHooks({
  resolve(specifier, context, next) {
    // Our own files too: each of 600 was looked up in the file system and in our package.json.
    if (specifier.startsWith('.') && specifier.endsWith('.ts'))
      return { url: new URL(specifier, context.parentURL).href, format: 'module-typescript', shortCircuit: true }
    const isOwnImport = specifier.startsWith('.') && specifier.endsWith('.js') && context.parentURL?.includes(DRIZZLE)
    if (!isOwnImport) return next(specifier, context)
    return { url: new URL(specifier, context.parentURL).href, format: 'module', shortCircuit: true }
  },
})
