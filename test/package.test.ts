import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

interface Locked {
  optional?: boolean
  os?: string[]
  cpu?: string[]
  engines?: { node?: string }
}

/**
 * npm leaves out an optional package, with all that depends on it, when a package of its tree asks for a newer Node. It says nothing.
 * That is why @fastify/static, which only the local mailbox needs, is a development dependency: so its tree is not optional.
 */
test('npm on Node 20 installs every optional package that its machine can run', () => {
  const { packages } = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8'))
  const optional = Object.entries(packages as Record<string, Locked>).filter(
    ([, { optional, os, cpu }]) => optional && !os && !cpu,
  )
  expect(optional.length).toBeGreaterThan(50)
  const tooNew = optional.filter(([, { engines }]) => /^\s*>=?\s*(?:2[1-9]|[3-9]\d)/.test(engines?.node ?? ''))
  expect(tooNew.map(([name]) => name)).toEqual([])
})
