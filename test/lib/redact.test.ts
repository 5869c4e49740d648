import { expect, test } from 'vitest'
import { redact } from '../../src/lib/redact.ts'
import { expectLinearTime } from '../support/linear-time.ts'

test.each([
  ['250 2.0.0 Ok: queued as 4Bxyz', '250 2.0.0 Ok: queued as 4Bxyz'],
  ['550 5.1.1 <ada@example.org>: unknown', '550 5.1.1 <[address]>: unknown'],
  ['550 "ada b"@example.org unknown', '550 [address] unknown'],
  ['see https://mx.example/?to=ada%2Btag%40example.org&id=7', 'see https://mx.example/?[address]&id=7'],
  ['see https://mx.example/ada%40example%2Eorg', 'see https://mx.example/[address]'],
  ['bounce-ada=40mail.example.org refused', '[address] refused'],
  ['ada&#64;example.org', '[address]'],
  ['size=4096 limit=40.5 queue=400', 'size=4096 limit=40.5 queue=400'],
  ['two\r\nlines\u0000', 'two lines'],
])('%s', (given, kept) => {
  expect(redact(given)).toBe(kept)
})

// The Diagnostic-Code of a bounce has up to 64 KB.
test.each(['a', 'a%40', 'a=40b.', 'a&#64;b.', '"a', '.', 'a%40b%2e'])('takes linear time: %s', (piece) => {
  expectLinearTime(redact, piece)
})
