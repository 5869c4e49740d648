import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Test files share one PostgreSQL and two cores. More workers would only cause timeouts.
    maxWorkers: 2,
    // A worker runs one file after the other. Starting a process and loading the product for each took two fifths of the CPU time of
    // 15 files of pages. Mocks and the environment are put back for the next test.
    isolate: false,
    restoreMocks: true,
    unstubEnvs: true,
  },
})
