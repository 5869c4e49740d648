/** Suites that must run and not be skipped, as in CI: PAPERBOY_REQUIRE_SUITES="redis browser". */
export const isRequired = (suite: string): boolean =>
  (process.env.PAPERBOY_REQUIRE_SUITES ?? '').split(/[\s,]+/).includes(suite)
