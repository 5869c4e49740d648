import { enableCompileCache, type ResolveFnOutput, registerHooks } from 'node:module'
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
 * Node 24 parses the package.json of a package again for each import that leads to the package or stays in it. That of drizzle-orm has
 * 179 KB, and 170 of our files import it. Its own 108 files import each other by their full names, so resolving needs no package.json.
 */
const DRIZZLE = '/node_modules/drizzle-orm/'
/** Where imports of packages lead. The same for each of our files, since none has a node_modules of its own. */
const packages = new Map<string, ResolveFnOutput>()

registerHooks({
  resolve(specifier, context, next) {
    const { parentURL } = context
    const isRelative = specifier.startsWith('.')
    // Our own files too: each of 600 was looked up in the file system and in our package.json.
    if (isRelative && specifier.endsWith('.ts'))
      return { url: new URL(specifier, parentURL).href, format: 'module-typescript', shortCircuit: true }
    if (isRelative && specifier.endsWith('.js') && parentURL?.includes(DRIZZLE))
      return { url: new URL(specifier, parentURL).href, format: 'module', shortCircuit: true }
    // A package may have another file for `require`.
    if (isRelative || !parentURL?.endsWith('.ts') || !context.conditions.includes('import'))
      return next(specifier, context)
    const known = packages.get(specifier)
    if (known) return known
    const found = { ...next(specifier, context), shortCircuit: true }
    packages.set(specifier, found)
    return found
  },
})
