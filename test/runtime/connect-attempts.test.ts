import { getDefaultAutoSelectFamilyAttemptTimeout } from 'node:net'
import { expect, test } from 'vitest'
import '../../src/runtime/config/config.ts'

test('where there are settings, an address of several has time for a lost packet, which Linux repeats after a second', () => {
  expect(getDefaultAutoSelectFamilyAttemptTimeout()).toBeGreaterThan(1_000)
})
