import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Files that take a minute or more. Vitest starts with the largest, and these are small: at the end, they would have one core idle. */
const LONG =
  /\/test\/(cluster|faults|browser|simulate|start|(worker-)?processes|http\/(api\/schema-)?fuzz|delivery\/year)\b/

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification) => LONG.test(moduleId)
    const sorted = await super.sort(files)
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))]
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Test files share one PostgreSQL and two cores. More workers would only cause timeouts.
    maxWorkers: 2,
    sequence: { sequencer: LongFirst },
    // A worker runs one file after the other. Starting a process and loading the product for each took two fifths of the CPU time of
    // 15 files of pages. Mocks and the environment are put back for the next test.
    isolate: false,
    // A test makes many short-lived objects. Collecting them less often saves 7 % of a worker's CPU time.
    execArgv: ['--max-semi-space-size=96'],
    restoreMocks: true,
    unstubEnvs: true,
  },
})
