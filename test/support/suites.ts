import { existsSync } from 'node:fs'

/** Suites that must run and not be skipped, as in CI: PAPERBOY_REQUIRE_SUITES="redis browser papers bounces". */
export const isRequired = (suite: string): boolean =>
  (process.env.PAPERBOY_REQUIRE_SUITES ?? '').split(/[\s,]+/).includes(suite)

/** Large real data, kept beside the project and not everywhere. */
export const SHARED_DATA = new URL('../../../shared/data/', import.meta.url)

/**
 * Whether a suite on large real data is to be skipped: the data is missing and the suite is not required. Says so once a file.
 * @param folder below SHARED_DATA
 */
export function isDataMissing(suite: 'papers' | 'bounces', folder: string): boolean {
  const missing = !existsSync(new URL(folder, SHARED_DATA)) && !isRequired(suite)
  if (missing) console.warn(`Skipped: everything that needs the real ${suite}; ../shared/data/${folder} is missing.`)
  return missing
}
