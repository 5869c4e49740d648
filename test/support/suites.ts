import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** Returns whether a suite must run and not be skipped, as in CI: PAPERBOY_REQUIRE_SUITES="redis browser papers bounces proxies cluster". */
export const isRequired = (suite: string): boolean =>
  (process.env.PAPERBOY_REQUIRE_SUITES ?? '').split(/[\s,]+/).includes(suite)

/** Large real data, kept beside the project on some machines only. */
export const SHARED_DATA = join(import.meta.dirname, '../../../shared/data')

/**
 * Returns whether to skip a suite on large real data: its data is missing and the suite is not required. Warns once per file.
 * @param folder below SHARED_DATA
 */
export function isDataMissing(suite: 'papers' | 'bounces', folder: string): boolean {
  const missing = !existsSync(join(SHARED_DATA, folder)) && !isRequired(suite)
  if (missing) console.warn(`Skipped: tests that need real ${suite}. ../shared/data/${folder} is missing.`)
  return missing
}
