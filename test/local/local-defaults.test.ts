import { expect, test } from 'vitest'
import { localOrigin } from '../../src/local/local-defaults.ts'

test.for([
  ['127.0.0.1', 'http://localhost:3000'],
  ['0.0.0.0', 'http://localhost:3000'],
  ['::', 'http://localhost:3000'],
  ['127.0.0.2', 'http://127.0.0.2:3000'],
  ['192.0.2.7', 'http://192.0.2.7:3000'],
  ['fd00::7', 'http://[fd00::7]:3000'],
  ['paperboy.lan', 'http://paperboy.lan:3000'],
])('links and the banner lead to a service that listens on %s', ([host, origin]) =>
  expect(localOrigin({ HOST: host!, PORT: 3000 })).toBe(origin),
)
